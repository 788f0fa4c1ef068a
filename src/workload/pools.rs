//! How many connections to S3 a client keeps open, and how it repeats what is throttled, as it documents
//! it.
//!
//! The number is the most that one process opens: it holds as many as it has requests under way.
//! *Assumed*: a busy client fills its pool, and keeps connections for as long as keys live.

use super::clients;
use crate::s3::{Connections, KnownRetries, Retries};

/// The pool of one client.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionPool {
    /// What workloads call the client.
    pub client: &'static str,
    /// Connections of one process: one session.
    pub connections: Connections,
    /// Whether its documentation or source says so; else it is assumed.
    pub is_documented: bool,
    /// Which setting it is, and where that is said.
    pub source: &'static str,
}

const fn documented(
    client: &'static str,
    connections: u32,
    source: &'static str,
) -> ConnectionPool {
    ConnectionPool {
        client,
        connections: Connections::Kept(connections),
        is_documented: true,
        source,
    }
}

const fn assumed(client: &'static str, connections: u32, source: &'static str) -> ConnectionPool {
    ConnectionPool {
        client,
        connections: Connections::Kept(connections),
        is_documented: false,
        source,
    }
}

const BOTOCORE: &str = "botocore 1.43 `max_pool_connections` 10, \
                        <https://docs.aws.amazon.com/botocore/latest/reference/config.html>";
const CLI: &str = "AWS CLI `max_concurrent_requests` 10, \
                   <https://docs.aws.amazon.com/cli/latest/topic/s3-config.html>";
const S3A: &str = "Hadoop 3.3 `fs.s3a.connection.maximum` 96 for each executor (500 from 3.4, \
                   <https://github.com/apache/hadoop/pull/6487>), \
                   <https://hadoop.apache.org/docs/stable/hadoop-aws/tools/hadoop-aws/performance.html>";
const CORES: &str = "a connection for each of 8 threads: as many cores are assumed";

/// The pools of built-in clients.
pub const POOLS: [ConnectionPool; 20] = [
    documented("direct", 10, BOTOCORE),
    documented("boto3", 10, BOTOCORE),
    documented("dask", 10, BOTOCORE),
    documented("aws-cli", 10, CLI),
    documented("aws-cli-sync", 10, CLI),
    documented("spark-s3a", 96, S3A),
    documented("spark-s3a-csv", 96, S3A),
    documented("spark-s3a-row-groups", 96, S3A),
    assumed(
        "emrfs",
        500,
        "EMRFS `fs.s3.maxConnections`: the setting is documented, not its default",
    ),
    assumed("athena", 500, "not published; as Trino"),
    documented(
        "trino",
        500,
        "Trino `s3.max-connections` 500 for each worker, \
         <https://trino.io/docs/current/object-storage/file-system-s3.html>",
    ),
    documented(
        "java-sdk",
        50,
        "AWS SDK for Java 2 `maxConcurrency` 50, \
         <https://docs.aws.amazon.com/sdk-for-java/latest/developer-guide/http-configuration.html>",
    ),
    documented(
        "s5cmd",
        256,
        "s5cmd 2.3 `--numworkers` 256, <https://github.com/peak/s5cmd#numworkers>",
    ),
    documented("rclone", 4, "rclone `--transfers` 4, <https://rclone.org/docs/#transfers-int>"),
    assumed("duckdb", 8, CORES),
    assumed("datafusion", 8, CORES),
    assumed("datafusion-row-groups", 8, CORES),
    documented(
        "pyarrow",
        8,
        "Arrow's pool of 8 I/O threads, <https://arrow.apache.org/docs/cpp/threading.html>",
    ),
    documented(
        "polars",
        10,
        "Polars `POLARS_CONCURRENCY_BUDGET` 10, or the threads if they are more",
    ),
    assumed("s3torch", 25, "the AWS CRT opens 25 and more for a target of 10 Gbit/s"),
];

/// The pool of the built-in client of that name or alias, if one is known.
#[must_use]
pub fn pool(client: &str) -> Option<&'static ConnectionPool> {
    let client = clients::built_in_name(client)?;
    POOLS.iter().find(|pool| pool.client == client)
}

/// How the built-in client of that name or alias repeats what is throttled, if it documents that; `docs/model.md`
/// has the sources.
#[must_use]
pub fn retries(client: &str) -> Option<Retries> {
    let known = match clients::built_in_name(client)? {
        "spark-s3a" | "spark-s3a-csv" | "spark-s3a-row-groups" => KnownRetries::S3a,
        "emrfs" => KnownRetries::Emrfs,
        _ => return None,
    };
    Some(Retries::Known(known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::clients::BUILT_IN;

    #[test]
    fn every_built_in_client_has_a_pool() {
        for client in BUILT_IN {
            assert!(pool(client.name).is_some(), "{}", client.name);
        }
    }

    /// `spark` is `spark-s3a` by another name, in all that it does.
    #[test]
    fn a_client_by_another_name_is_the_same() {
        for client in BUILT_IN {
            for alias in client.aliases {
                let [one, other] = [client.name, alias]
                    .map(|name| (pool(name).unwrap().connections, retries(name)));
                assert_eq!(one, other, "{alias}");
            }
        }
        assert_eq!(pool("emr").unwrap().connections, Connections::Kept(500));
        assert!(pool("own").is_none() && retries("own").is_none());
    }
}
