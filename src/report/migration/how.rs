//! How a migration is done, to be copied to a shell and filled in.

use super::MigrationPlanned;
use crate::migration::reach::MigrationMethod;
use crate::report::document::Block;
use crate::s3::partition_of;

const TURN_ON: &str = r#"aws s3api put-bucket-encryption --bucket BUCKET --server-side-encryption-configuration \
  '{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms","KMSMasterKeyID":"KEY-ARN"},"BucketKeyEnabled":true}]}'"#;

const UPDATE: &str = r#"{"S3UpdateObjectEncryption":{"ObjectEncryption":{"SSEKMS":{"KMSKeyArn":"KEY-ARN","BucketKeyEnabled":true}}}}"#;

const COPY: &str = r#"{"S3PutObjectCopy":{"TargetResource":"arn:PARTITION:s3:::BUCKET","BucketKeyEnabled":true,"SSEAwsKmsKeyId":"KEY-ARN","NewObjectMetadata":{"SSEAlgorithm":"KMS"}}}"#;

/// A job of Batch Operations over the objects that an inventory lists.
fn job(operation: &str) -> String {
    format!(
        r#"aws s3control create-job --account-id 111122223333 --role-arn arn:PARTITION:iam::111122223333:role/batch --priority 10 \
  --operation '{operation}' \
  --manifest '{{"Spec":{{"Format":"S3InventoryReport_CSV_20161130"}},"Location":{{"ObjectArn":"arn:PARTITION:s3:::LISTS/manifest.json","ETag":"ETAG"}}}}' \
  --report '{{"Enabled":true,"Bucket":"arn:PARTITION:s3:::REPORTS","Format":"Report_CSV_20180820","ReportScope":"FailedTasksOnly"}}'"#
    )
}

/// The commands, in order.
pub(super) fn blocks(plan: &MigrationPlanned) -> Vec<Block> {
    let mut blocks = vec![
        Block::Paragraph("Bucket keys on for what is written from now on:".to_owned()),
        Block::Code("how-on", TURN_ON.to_owned()),
    ];
    for (operation, id, json) in
        [(MigrationMethod::Update, "how-update", UPDATE), (MigrationMethod::Copy, "how-copy", COPY)]
    {
        if plan.migrating().any(|row| row.operation == operation.name()) {
            let told = format!("{} of the objects that a list names:", operation.title());
            let job = job(json).replace("PARTITION", partition_of(plan.region));
            blocks.extend([Block::Paragraph(told), Block::Code(id, job)]);
        }
    }
    blocks
}
