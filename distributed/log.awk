# Writes S3 access logs: awk -v lines=N -v seed=N -f log.awk
# Twelve buckets over six hours of 1 October 2026; two roles, each with sessions of which not all use every bucket; reads of
# what was written, and of what was not.
function below(bound) { return int(rand() * bound) }
BEGIN {
    srand(seed)
    split("PUT GET GET GET GET HEAD", operations, " ")
    for (line = 0; line < lines; line++) {
        second = int(line * 21600 / lines)
        bucket = below(12)
        role = below(3) ? "reader" : "etl"
        operation = operations[role == "etl" ? 1 : 2 + below(5)]
        key = sprintf("part-%d/%d", below(4), below(20000))
        printf "0123456789abcdef bucket-%02d [01/Oct/2026:%02d:%02d:%02d +0000] 192.0.2.1 ", \
            bucket, second / 3600, second / 60 % 60, second % 60
        printf "arn:aws:sts::111122223333:assumed-role/%s/session-%d %08X%08X REST.%s.OBJECT %s ", \
            role, below(2 + bucket), line, seed, operation, key
        printf "\"%s /%s HTTP/1.1\" 200 - 22 22 2 1 \"-\" \"test\" - id= SigV4 - AuthHeader ", operation, key
        printf "bucket-%02d.s3.us-east-1.amazonaws.com TLSv1.3 - - us-east-1\n", bucket
    }
}
