#!/bin/sh
# Stands in for aws, sleep and date: time passes only by them. $STAND_IN is a folder with clock, calls and all.
read -r now <"$STAND_IN/clock"
case ${0##*/} in
sleep)
    echo $((now + $1)) >"$STAND_IN/clock"
    exit 0 ;;
date)
    echo "$now"
    exit 0 ;;
esac
echo $((now + 1)) >"$STAND_IN/clock"
case "$*" in
*"${STAND_IN_REFUSED:-nothing}"*)
    echo "AccessDenied" >&2
    exit 254 ;;
esac
echo "$*" >>"$STAND_IN/all"
case "$1 $2" in
"s3api put-object" | "s3api get-object" | "s3api head-object" | "s3api copy-object" | "s3api list-parts" | \
    "s3api create-multipart-upload" | "s3api complete-multipart-upload" | "s3api upload-part" | "s3api update-object-encryption")
    at=0
    [ ! -e "$STAND_IN/count" ] || read -r at <"$STAND_IN/count"
    echo $((at + 1)) >"$STAND_IN/count"
    if [ "$STAND_IN_THROTTLE" -gt 0 ] && [ $(((at + 1) % STAND_IN_THROTTLE)) -eq 0 ]; then
        echo "SlowDown (503)" >&2
        exit 254
    fi
    case $2 in
    create-multipart-upload) echo "id-of-$6" ;;
    upload-part) echo '"etag"' ;;
    esac
    case "$2 $8" in
    upload-part\ id-of-upload-* | list-parts\ id-of-upload-* | complete-multipart-upload\ id-of-upload-*) ;;
    upload-part* | list-parts* | complete-multipart-upload*)
        echo "NoSuchUpload" >&2
        exit 254 ;;
    esac
    echo "$((now + 1)) ${AWS_ACCESS_KEY_ID#ASIA} $2 $4 $6 $*" >>"$STAND_IN/calls" ;;
"sts get-caller-identity") echo 111122223333 ;;
"sts assume-role")
    printf 'ASIA%s\tsecret\ttoken\tarn:aws:sts::111122223333:assumed-role/%s/%s\n' "$6" \
        "$(case $6 in reader | other) echo "$6" ;; *) echo writer ;; esac)" "$6" ;;
"kms create-key") echo "arn:aws:kms:us-east-1:111122223333:key/k" ;;
"cloudtrail lookup-events")
    at=0
    [ ! -e "$STAND_IN/lookups" ] || read -r at <"$STAND_IN/lookups"
    echo $((at + 1)) >"$STAND_IN/lookups"
    if [ -e "$STAND_IN/events-1" ] && [ ! -e "$STAND_IN/late" ]; then
        : >"$STAND_IN/late"
        cat "$STAND_IN/events-1"
    elif [ -e "$STAND_IN/events" ]; then
        cat "$STAND_IN/events"
    fi ;;
esac
exit 0
