/* Replays a trace in libCacheSim's own form through its FIFO cache, with a time to live.
 *
 * The command line of libCacheSim's `cachesim` sets no time to live, prints miss ratios to four
 * digits only and leaves the first second out of them; this driver counts. Beside libCacheSim:
 *
 *   libcachesim_ttl FILE SIZE TTL HASH_POWER
 *
 * SIZE is in objects (every record has size 1), TTL in seconds, 0 for none; HASH_POWER is the
 * logarithm of the hash table's first length. Prints requests, misses and seconds of wall time.
 *
 * With TTLs, `cache_find_base` of the version at hand writes through a null pointer when it meets
 * an expired object during a request. So a request is made here of libCacheSim's own steps: find
 * without update, remove what has expired, insert. FIFO does nothing else on a hit.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libCacheSim.h"

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* True on a hit. */
static bool get_with_ttl(cache_t *cache, const request_t *request) {
  if (cache->find(cache, request, false) != NULL) return true;
  cache->remove(cache, request->obj_id);
  while (cache->get_occupied_byte(cache) + request->obj_size > cache->cache_size) {
    cache->evict(cache, request);
  }
  cache->insert(cache, request);
  return false;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: %s FILE SIZE TTL HASH_POWER\n", argv[0]);
    return 2;
  }
  const uint64_t ttl = strtoull(argv[3], NULL, 10);
#ifndef SUPPORT_TTL
  if (ttl > 0) {
    fprintf(stderr, "build libCacheSim and this driver with SUPPORT_TTL\n");
    return 2;
  }
#endif
  reader_init_param_t reader_params;
  memset(&reader_params, 0, sizeof(reader_params));
  reader_params.obj_id_is_num = true;
  reader_t *reader = setup_reader(argv[1], ORACLE_GENERAL_TRACE, &reader_params);
  const common_cache_params_t cache_params = {
      .cache_size = strtoull(argv[2], NULL, 10),
      .default_ttl = 0,
      .hashpower = atoi(argv[4]),
      .consider_obj_metadata = false,
  };
  cache_t *cache = FIFO_init(cache_params, NULL);
  request_t *request = new_request();
  uint64_t requests = 0, misses = 0;

  const double start = now();
  if (ttl > 0) {
    while (read_one_req(reader, request) == 0) {
      /* The reader marks requests of forms without a TTL by -1, past which none applies. */
      request->ttl = (int32_t)ttl;
      requests += 1;
      misses += !get_with_ttl(cache, request);
    }
  } else {
    while (read_one_req(reader, request) == 0) {
      requests += 1;
      misses += !cache->get(cache, request);
    }
  }
  const double seconds = now() - start;

  printf("%" PRIu64 " %" PRIu64 " %.6f\n", requests, misses, seconds);
  free_request(request);
  cache->cache_free(cache);
  close_reader(reader);
  return 0;
}
