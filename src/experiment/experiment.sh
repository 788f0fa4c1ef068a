#!/bin/sh
# Written by bks experiment. Measures what S3 Bucket Keys do, in a bucket, a key and three roles of its own.
#
#   sh experiment.sh          says what it would do, and sends nothing
#   sh experiment.sh --run    does it
#
# Needs the AWS CLI with credentials that may create buckets, KMS keys and roles. It has not been run on AWS
# by its authors. Everything that it creates is tagged and removed at the end, also after an interrupt; the KMS
# key is scheduled for deletion (7 days, for which AWS does not charge).
set -u

region='@REGION@'
partition='@PARTITION@'
prefix='@PREFIX@'
most_requests=@MOST_REQUESTS@   # cost ceiling: about @COST@ USD
session_s=@SESSION_S@
out='trail'

if [ "${1-}" != "--run" ]; then
    echo "Dry run: would create a bucket, a KMS key and three roles named $prefix-… in $region,"
    echo "send @WRITES@ PUTs, @READS@ GETs and @OTHERS@ other requests within @TIME_S@ s, remove everything, wait"
    echo "for CloudTrail's event history, and write $out/. At most $most_requests requests, about @COST@ USD."
    echo "To do it: sh experiment.sh --run"
    exit 0
fi
if [ -e "$out" ]; then
    echo "$out is there already: move it away first" >&2
    exit 2
fi

# Version 2 of the CLI asks AWS_REGION first.
AWS_MAX_ATTEMPTS=1 AWS_REGION=$region AWS_DEFAULT_REGION=$region AWS_PAGER=''
export AWS_MAX_ATTEMPTS AWS_REGION AWS_DEFAULT_REGION AWS_PAGER
sent=0
bucket='' key_id='' made_roles=''
began=$(date +%s)
work=$(mktemp -d) || exit 1

fail() { echo "$1" >&2; exit 1; }

# A request that changes nothing measured: tried up to three times.
try() {
    for attempt in 1 2 3; do
        sent=$((sent + 1))
        if aws "$@" </dev/null; then return 0; fi
        [ "$attempt" = 3 ] || sleep 5
    done
    return 1
}

# Removes what may be there: that it is not is as good.
remove() {
    try "$@" >/dev/null 2>"$work/said" || grep -q NoSuch "$work/said" || { cat "$work/said" >&2; return 1; }
}

remove_role() {
    try iam delete-role-policy --role-name "$1" --policy-name measure >/dev/null 2>&1
    remove iam delete-role --role-name "$1"
}

remove_bucket() {
    remove s3 rm "s3://$bucket" --recursive --quiet
    remove s3api delete-bucket --bucket "$bucket"
}

clean_up() {
    # To the end, however often it is interrupted.
    trap '' INT HUP TERM
    left=''
    rm -f "$work/go"
    for role in $made_roles; do remove_role "$role" || left="$left role/$role"; done
    made_roles=''
    if [ -n "$bucket" ]; then
        # Uploads that were begun and not ended.
        for upload in "$work"/upload-*; do
            [ -s "$upload" ] || continue
            try s3api abort-multipart-upload --bucket "$bucket" --key "${upload##*/}" \
                --upload-id "$(cat "$upload")" >/dev/null
        done
        # Twice: a request that was on its way may arrive in between.
        remove_bucket || remove_bucket || left="$left bucket/$bucket"
        bucket=''
    fi
    if [ -n "$key_id" ]; then
        try kms schedule-key-deletion --key-id "$key_id" --pending-window-in-days 7 >/dev/null ||
            left="$left key/$key_id"
        key_id=''
    fi
    rm -rf "$work"
    [ -z "$left" ] || echo "NOT REMOVED, remove by hand:$left" >&2
}
obey_signals() {
    trap 'exit 130' INT
    trap 'exit 143' HUP TERM
}
trap clean_up EXIT
obey_signals

make_bucket() {
    if [ "$region" = us-east-1 ]; then
        try s3api create-bucket --bucket "$1" >/dev/null
    else
        try s3api create-bucket --bucket "$1" \
            --create-bucket-configuration "LocationConstraint=$region" >/dev/null
    fi
}

trust() {
    printf '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"%s"}}]}' \
        "arn:$partition:iam::$account:root"
}

make_role() {
    made_roles="$made_roles $1"
    try iam create-role --role-name "$1" --assume-role-policy-document "$(trust)" \
        --max-session-duration "$([ "$session_s" -gt 3600 ] && echo "$session_s" || echo 3600)" \
        --tags "Key=made-by,Value=bks-experiment" >/dev/null
}

put_policy() {
    try iam put-role-policy --role-name "$1" --policy-name measure --policy-document \
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"s3:PutObject\",\"s3:GetObject\",\"s3:ListMultipartUploadParts\",\"s3:UpdateObjectEncryption\"],\"Resource\":\"arn:$partition:s3:::$name/*\"},{\"Effect\":\"Allow\",\"Action\":[\"kms:GenerateDataKey\",\"kms:Decrypt\",\"kms:Encrypt\",\"kms:ReEncrypt*\"],\"Resource\":\"$key_id\"}]}"
}

# Creates and removes one of each first: it stops here if it may not remove what it makes.
account=$(try sts get-caller-identity --query Account --output text) || fail "no credentials"
name="$prefix-$account-$began"
# What is to be made is noted before, so that it is removed even if an interrupt or a lost answer comes between.
bucket="$name-probe"
make_bucket "$bucket" || fail "the bucket cannot be created"
try s3api delete-bucket --bucket "$bucket" >/dev/null || fail "the bucket cannot be removed"
bucket=''
# Asked once: a second key would be made if the first answer was lost.
sent=$((sent + 1))
key_id=$(aws kms create-key --description "$name" --tags TagKey=made-by,TagValue=bks-experiment \
    --query KeyMetadata.Arn --output text </dev/null) ||
    fail "the key cannot be created; if the answer was lost, there is one whose description is $name: schedule its deletion"
try kms schedule-key-deletion --key-id "$key_id" --pending-window-in-days 7 >/dev/null ||
    { echo "NOT REMOVED, remove by hand: key/$key_id" >&2; key_id=''; fail "the key cannot be removed"; }
try kms cancel-key-deletion --key-id "$key_id" >/dev/null || { key_id=''; fail "the key cannot be kept"; }
try kms enable-key --key-id "$key_id" || fail "the key cannot be enabled"

make_role "$prefix-$began-probe" || fail "a role cannot be created"
put_policy "$prefix-$began-probe" || fail "a role's policy cannot be set"
remove_role "$prefix-$began-probe" || fail "a role cannot be removed"
made_roles=''

bucket=$name
make_bucket "$bucket" || fail "the bucket cannot be created"
try s3api put-bucket-tagging --bucket "$bucket" --tagging 'TagSet=[{Key=made-by,Value=bks-experiment}]' ||
    fail "the bucket cannot be tagged"
try s3api put-bucket-encryption --bucket "$bucket" --server-side-encryption-configuration \
    "{\"Rules\":[{\"ApplyServerSideEncryptionByDefault\":{\"SSEAlgorithm\":\"aws:kms\",\"KMSMasterKeyID\":\"$key_id\"},\"BucketKeyEnabled\":true}]}" ||
    fail "the bucket's encryption cannot be set"
for role in writer reader other; do
    make_role "$prefix-$began-$role" || fail "a role cannot be created"
    put_policy "$prefix-$began-$role" ||
        fail "a role's policy cannot be set"
done
sleep 20    # roles take a while to be known everywhere

# Credentials of a session: access key, secret, token, ARN. What follows role and session goes to AssumeRole.
assume() {
    role=$1 session=$2
    shift 2
    try sts assume-role --role-arn "arn:$partition:iam::$account:role/$prefix-$began-$role" \
        --role-session-name "$session" "$@" --duration-seconds "$session_s" --output text --query \
        '[Credentials.AccessKeyId,Credentials.SecretAccessKey,Credentials.SessionToken,AssumedRoleUser.Arn]' \
        >"$work/$session" || fail "the role cannot be assumed for $session_s s: is this a role itself? then take --time 50min"
}

# aws with the credentials of a session. A profile that is set, even an empty one, would go before them.
as_session() (
    unset AWS_PROFILE AWS_DEFAULT_PROFILE
    AWS_ACCESS_KEY_ID=$access AWS_SECRET_ACCESS_KEY=$secret AWS_SESSION_TOKEN=$token
    export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
    exec aws "$@"
)
# Allows what the role may do anyway: a policy makes a difference by being there.
policy='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:PutObject","kms:GenerateDataKey","kms:Decrypt"],"Resource":"*"}]}'
for session in @SESSIONS@; do
    case $session in
    a | b) assume writer "$session" ;;
    scoped) assume writer scoped --policy "$policy" ;;
    *) assume "$session" "$session" ;;
    esac
done
echo bks >"$work/body"
mkdir "$out" || exit 1

# UTC of a second since 1970 by arithmetic (civil from days), as `date -d` is not POSIX.
utc() {
    days=$(($1 / 86400 + 719468)) rest=$(($1 % 86400))
    era=$((days / 146097)) doe=$((days % 146097))
    yoe=$(((doe - doe / 1460 + doe / 36524 - doe / 146096) / 365))
    doy=$((doe - (365 * yoe + yoe / 4 - yoe / 100))) mp=$(((5 * doy + 2) / 153))
    day=$((doy - (153 * mp + 2) / 5 + 1)) month=$((mp < 10 ? mp + 3 : mp - 9))
    year=$((yoe + era * 400 + (month <= 2 ? 1 : 0)))
    printf '%04d-%02d-%02dT%02d:%02d:%02dZ' "$year" "$month" "$day" \
        $((rest / 3600)) $((rest % 3600 / 60)) $((rest % 60))
}

# The session with a policy, as CloudTrail notes how it began: event history is looked up by KMS key.
if [ -e "$work/scoped" ]; then
    read -r access secret token arn <"$work/scoped"
    printf '{"eventVersion":"1.11","userIdentity":{"type":"AWSAccount","accountId":"%s"},"eventTime":"%s","eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":"%s","requestParameters":{"roleSessionName":"scoped","policy":"%s"},"responseElements":{"credentials":{"accessKeyId":"%s"},"assumedRoleUser":{"arn":"%s"}},"eventID":"sent-0","eventType":"AwsApiCall","managementEvent":true,"eventCategory":"Management"}\n' \
        "$account" "$(utc "$(date +%s)")" "$region" "$(printf %s "$policy" | sed 's/"/\\"/g')" "$access" "$arn" \
        >"$out/requests.json"
fi

# Objects with a key of their own, although the bucket has bucket keys.
own_key() {
    set -- "$@" --server-side-encryption aws:kms --ssekms-key-id "$key_id" --no-bucket-key-enabled
    send "$@"
}
send() { as_session s3api "$@" </dev/null 2>>"$out/errors.txt"; }

# Sends one request; notes in `event` and `asked` what CloudTrail would of it.
request() {
    in_bucket="--bucket $bucket --key $object" asked=''
    # shellcheck disable=SC2086 # neither bucket nor key has a space
    case $operation in
    put) event=PutObject; send put-object $in_bucket --body "$work/body" >/dev/null ;;
    get) event=GetObject; send get-object $in_bucket "$work/got" >/dev/null ;;
    own) event=PutObject asked=$no_bucket_key
        own_key put-object $in_bucket --body "$work/body" --checksum-algorithm SHA256 >/dev/null ;;
    whole) event=GetObject; send get-object $in_bucket "$work/got" >/dev/null ;;
    range) event=GetObject asked=',"Range":"bytes=0-1"'
        send get-object $in_bucket --range bytes=0-1 "$work/got" >/dev/null ;;
    head) event=HeadObject asked=',"x-amz-checksum-mode":"ENABLED"'
        send head-object $in_bucket --checksum-mode ENABLED >/dev/null ;;
    copy) event=CopyObject source="$bucket/own-${object#copy-}"
        asked="$no_bucket_key,\"x-amz-copy-source\":\"$source\""
        own_key copy-object $in_bucket --copy-source "$source" >/dev/null ;;
    update) event=UpdateObjectEncryption
        send update-object-encryption $in_bucket --object-encryption \
            "{\"SSEKMS\":{\"KMSKeyArn\":\"$key_id\",\"BucketKeyEnabled\":true}}" >/dev/null ;;
    create) event=CreateMultipartUpload asked=$no_bucket_key
        own_key create-multipart-upload $in_bucket --query UploadId --output text >"$work/$object" ;;
    part) event=UploadPart
        send upload-part $in_bucket --upload-id "$(cat "$work/$object")" --part-number 1 \
            --body "$work/body" --query ETag --output text >"$work/part" ;;
    list) event=ListParts
        send list-parts $in_bucket --upload-id "$(cat "$work/$object")" >/dev/null ;;
    complete) event=CompleteMultipartUpload
        send complete-multipart-upload $in_bucket --upload-id "$(cat "$work/$object")" --multipart-upload \
            "{\"Parts\":[{\"ETag\":\"$(tr -d '"' <"$work/part")\",\"PartNumber\":1}]}" >/dev/null &&
            rm -f "$work/$object" ;;
    esac
}
no_bucket_key=',"x-amz-server-side-encryption-bucket-key-enabled":"false"'

# The schedule: seconds from the start, session, what it does, object. What succeeds is noted as S3's data
# events would have it. It runs beside, as a shell obeys no signal while it waits for what runs before it; once `go` is
# removed nothing more is sent.
: >"$work/go"
first=$(date +%s)
number=0 succeeded=0
while read -r at session operation object; do
    [ "$sent" -lt "$most_requests" ] || { echo "stopped at $sent requests: cost ceiling" >&2; break; }
    now=$(date +%s)
    wait_s=$((first + at - now))
    [ "$wait_s" -le 0 ] || sleep "$wait_s"
    [ -e "$work/go" ] || break
    read -r access secret token arn <"$work/$session"
    sent=$((sent + 1))
    number=$((number + 1))
    if request; then
        succeeded=$((succeeded + 1))
        echo "$(date +%s) $event $object $access $arn $number $asked"
    elif [ "$succeeded" = 0 ] && [ "$number" -ge 10 ]; then
        : >"$work/refused"
        break
    fi
done <<'SCHEDULE' | while read -r second event object access arn number asked; do
@SCHEDULE@
SCHEDULE
    printf '{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROA:x","arn":"%s","accountId":"%s","accessKeyId":"%s"},"eventTime":"%s","eventSource":"s3.amazonaws.com","eventName":"%s","awsRegion":"%s","requestParameters":{"bucketName":"%s","key":"%s"%s},"eventID":"sent-%s","eventType":"AwsApiCall","managementEvent":false,"eventCategory":"Data"}\n' \
        "$arn" "$account" "$access" "$(utc "$second")" "$event" "$region" "$bucket" "$object" "$asked" "$number"
done >>"$out/requests.json" &
wait $!

refused=''
[ ! -e "$work/refused" ] || refused=yes
measured=$key_id
clean_up
[ -z "$refused" ] || fail "none of the first ten requests succeeded, so no more were sent: see $out/errors.txt"
# What follows may be interrupted again, and leaves nothing to remove.
obey_signals
work=$(mktemp -d) || exit 1
calibrate="bks calibrate $out/requests.json $out/kms.json --bucket $name --out found.toml"
# Two lookups a second are answered: who is told to wait asks again.
AWS_MAX_ATTEMPTS=10
echo "waiting for CloudTrail"
sleep 900
# Events come late now and then: until three lookups in a row have as many.
before='' same=0
for lookup in 1 2 3 4 5 6 7 8; do
    aws cloudtrail lookup-events --output text --query 'Events[].CloudTrailEvent' \
        --start-time "$began" --lookup-attributes "AttributeKey=ResourceName,AttributeValue=$measured" \
        </dev/null >"$out/kms.txt" || fail "the event history cannot be read now; it is kept for 90 days. Type later:
  aws cloudtrail lookup-events --region $region --output text --query 'Events[].CloudTrailEvent' --start-time $began \\
      --lookup-attributes AttributeKey=ResourceName,AttributeValue=$measured | tr '\\t' '\\n' > $out/kms.json
  $calibrate"
    tr '\t' '\n' <"$out/kms.txt" >"$out/kms.json"
    rm -f "$out/kms.txt"
    count=$(grep -c . "$out/kms.json")
    if [ "$count" = "$before" ]; then same=$((same + 1)); else same=0; fi
    [ "$same" -lt 2 ] || break
    before=$count
    [ "$lookup" = 8 ] || sleep 300
done
echo "$count KMS events, $(grep -c '"eventCategory":"Data"' "$out/requests.json") requests. Now type:"
echo "  $calibrate"
[ ! -s "$out/errors.txt" ] || echo "what failed is in $out/errors.txt"
