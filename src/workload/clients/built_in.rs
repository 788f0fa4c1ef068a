//! The clients that bks knows, and where each number is from.

use super::super::pools;
use super::{ClientProfile, CopyRequests, PartGrowth, ReadRequests, WriteRequests};
use crate::units::ByteSize;

/// One row of the table of built-in clients.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// What workloads call it.
    pub name: &'static str,
    /// What else they may call it.
    pub aliases: &'static [&'static str],
    /// What it stands for.
    pub description: &'static str,
    /// Where the numbers of requests are from: captured jobs, or what is assumed.
    pub source: &'static str,
    /// Where it is from that size decides: versions and addresses.
    pub sizes: &'static str,
    read: ReadRequests,
    write: WriteRequests,
    copy: CopyRequests,
    part_growth: PartGrowth,
}

impl BuiltIn {
    /// The profile.
    #[must_use]
    pub fn profile(&self) -> ClientProfile {
        ClientProfile {
            name: self.name.to_owned(),
            read: self.read,
            write: self.write,
            copy: self.copy,
            part_growth: self.part_growth,
            connections: pools::pool(self.name).map(|pool| pool.connections),
            retries: pools::retries(self.name),
        }
    }
}

/// The names and aliases of the built-in clients.
pub(crate) fn names<'a>() -> impl Iterator<Item = &'a str> + Clone {
    BUILT_IN.iter().flat_map(|row| std::iter::once(row.name).chain(row.aliases.iter().copied()))
}

const fn reads(get: f64, head: f64, list: f64) -> ReadRequests {
    ReadRequests {
        get,
        head,
        list,
        part_size: None,
        parts_from: None,
        footer: 0.0,
        split_size: None,
    }
}

const fn reads_in_parts(head: f64, mebibytes: u64) -> ReadRequests {
    ReadRequests { part_size: Some(ByteSize::mib(mebibytes)), ..reads(1.0, head, 0.0) }
}

const ONE_PUT: WriteRequests = WriteRequests {
    put: 1.0,
    head: 0.0,
    list: 0.0,
    copy: 0.0,
    marker: 0.0,
    part_size: None,
    multipart_from: None,
};

/// Above one part a multipart upload.
const fn writes_in_parts(mebibytes: u64) -> WriteRequests {
    WriteRequests { part_size: Some(ByteSize::mib(mebibytes)), ..ONE_PUT }
}

/// From one whole part on a multipart upload.
const fn writes_in_whole_parts(mebibytes: u64) -> WriteRequests {
    let size = Some(ByteSize::mib(mebibytes));
    WriteRequests { part_size: size, multipart_from: size, ..ONE_PUT }
}

/// A multipart upload at any size.
const fn always_uploads(mebibytes: u64) -> WriteRequests {
    let (part_size, from) = (ByteSize::mib(mebibytes), ByteSize::mib(0));
    WriteRequests { part_size: Some(part_size), multipart_from: Some(from), ..ONE_PUT }
}

/// The least size above so many MiB.
const fn above(mebibytes: u64) -> ByteSize {
    ByteSize::of_bytes((mebibytes << 20) + 1)
}

const SPARK_WRITE: WriteRequests =
    WriteRequests { head: 17.3, list: 13.5, copy: 2.0, marker: 1.5, ..writes_in_whole_parts(64) };

const ONE_COPY: CopyRequests =
    CopyRequests { head: 0.0, list: 0.0, part_size: None, multipart_from: None };

const ONE_COPY_AFTER_HEAD: CopyRequests = CopyRequests { head: 1.0, ..ONE_COPY };

/// A `HEAD`, then from one whole part of 8 MiB on a multipart upload: s3transfer.
const S3TRANSFER_COPY: CopyRequests = CopyRequests {
    head: 1.0,
    list: 0.0,
    part_size: Some(ByteSize::mib(8)),
    multipart_from: Some(ByteSize::mib(8)),
};

/// S3A's renames: parts of 64 MiB above 128 MiB.
const S3A_COPY: CopyRequests = CopyRequests {
    head: 1.0,
    list: 0.0,
    part_size: Some(ByteSize::mib(64)),
    multipart_from: Some(above(128)),
};

/// Trino's Parquet reader, all columns: up to 3 MiB by one GET; else in splits of 64 MiB, of each the
/// footer and ranges of 8 MiB.
const TRINO_READ: ReadRequests = ReadRequests {
    part_size: Some(ByteSize::mib(8)),
    parts_from: Some(above(3)),
    footer: 1.0,
    split_size: Some(ByteSize::mib(64)),
    ..reads(1.0, 0.0, 0.005)
};

const S3A_SIZES: &str = "documented: `fs.s3a.multipart.size` 64 MiB (a stream starts an upload with \
                         its first full block), renames in parts above `fs.s3a.multipart.threshold` \
                         128 MiB; Hadoop 3.3, \
                         <https://hadoop.apache.org/docs/r3.3.6/hadoop-aws/tools/hadoop-aws/index.html>";

const S3TRANSFER_SIZES: &str = "documented: `multipart_threshold` and `multipart_chunksize` 8 MiB, \
                                doubled above 10,000 parts, for uploads and copies alike; a HEAD of \
                                a copy's source; boto3 1.44, s3transfer 0.19, \
                                <https://docs.aws.amazon.com/boto3/latest/guide/s3.html>";

const AWS_CLI_SIZES: &str = "documented: `multipart_threshold` and `multipart_chunksize` 8 MiB, doubled \
                             above 10,000 parts, for uploads and copies alike; a HEAD of a copy's \
                             source; AWS CLI 1.46, \
                             <https://docs.aws.amazon.com/cli/latest/topic/s3-config.html>";

const DATAFUSION_SIZES: &str = "documented: uploads in parts of \
                                `datafusion.execution.objectstore_writer_buffer_size` 10 MiB, \
                                <https://datafusion.apache.org/user-guide/configs.html>; assumed: \
                                copies as direct's";

const OF_ONE_REQUEST: &str = "assumed: one PUT or CopyObject up to S3's limit of 5 GiB, then parts of \
                              5 GiB";

/// What a row has that is not said.
const ROW: BuiltIn = BuiltIn {
    name: "",
    aliases: &[],
    description: "",
    source: "",
    sizes: OF_ONE_REQUEST,
    read: reads(1.0, 0.0, 0.0),
    write: ONE_PUT,
    copy: ONE_COPY,
    part_growth: PartGrowth::JustEnough,
};

/// The built-in clients.
pub const BUILT_IN: [BuiltIn; 20] = [
    BuiltIn {
        name: "direct",
        description: "one GET for an object read, one PUT for one written, one CopyObject for one \
                      copied",
        source: "by definition; boto3 get_object and put_object: 1 GET, 200 PUT for 200 objects",
        ..ROW
    },
    BuiltIn {
        name: "spark-s3a",
        aliases: &["spark", "s3a"],
        description: "Spark 3.3 over S3A: 2 columns of one-row-group Parquet; rename committer",
        source: "captured: read of 200 files: 4 LIST, 803 HEAD, 1202 GET; write of 20 files: \
                 270 LIST, 346 HEAD, 50 PUT (20 of data), 40 copies",
        sizes: S3A_SIZES,
        read: reads(6.01, 4.015, 0.02),
        write: SPARK_WRITE,
        copy: S3A_COPY,
        ..ROW
    },
    BuiltIn {
        name: "spark-s3a-csv",
        description: "Spark 3.3 over S3A: small text files, read whole",
        source: "captured: read of 200 files: 4 LIST, 202 HEAD, 200 GET; write as spark-s3a",
        sizes: S3A_SIZES,
        read: reads(1.0, 1.01, 0.02),
        write: SPARK_WRITE,
        copy: S3A_COPY,
        ..ROW
    },
    BuiltIn {
        name: "spark-s3a-row-groups",
        description: "Spark 3.3 over S3A: 2 columns of Parquet files of 8 row groups",
        source: "captured: read of 8 files: 4 LIST, 35 HEAD, 162 GET; write as spark-s3a",
        sizes: S3A_SIZES,
        read: reads(20.25, 4.375, 0.5),
        write: SPARK_WRITE,
        copy: S3A_COPY,
        ..ROW
    },
    BuiltIn {
        name: "emrfs",
        aliases: &["emr", "glue"],
        description: "Spark on EMR (before 7.10, where S3A took its place) or Glue over EMRFS: \
                      2 columns of one-row-group Parquet; S3-optimized committer",
        source: "documented: a multipart upload at any size, no renames, \
                 <https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-spark-committer-multipart.html>; \
                 assumed: reads as spark-s3a's, 1 HEAD and 0.05 LIST and PUT (`_SUCCESS`) for a \
                 file written",
        sizes: "documented: `fs.s3n.multipart.uploads.split.size` 128 MiB, \
                <https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-plan-upload-s3.html>; \
                assumed: copies as direct's, after a HEAD",
        read: reads(6.01, 4.015, 0.02),
        write: WriteRequests { head: 1.0, list: 0.05, marker: 0.05, ..always_uploads(128) },
        copy: ONE_COPY_AFTER_HEAD,
        ..ROW
    },
    BuiltIn {
        name: "trino",
        description: "Trino, native S3 file system: all columns of Parquet; writes stream straight \
                      to the table",
        source: "documented: one GET up to `parquet.small-file-threshold` 3 MiB; above it the \
                 footer and ranges of at most `parquet.max-buffer-size` 8 MiB in each split of \
                 `hive.max-split-size` 64 MiB, \
                 <https://trino.io/docs/current/object-storage/file-formats.html>, \
                 <https://trino.io/docs/current/connector/hive.html>; no renames; assumed: \
                 0.005 LIST",
        sizes: "documented: `s3.streaming.part-size` 32 MiB (16 MiB in old releases), \
                <https://trino.io/docs/current/object-storage/file-system-s3.html>; assumed: copies \
                as direct's",
        read: TRINO_READ,
        write: writes_in_whole_parts(32),
        ..ROW
    },
    BuiltIn {
        name: "athena",
        description: "Athena engine version 3, which is built on Trino: all columns of Parquet; \
                      CTAS and INSERT",
        source: "assumed: as trino; documented: the engine is Trino's, \
                 <https://docs.aws.amazon.com/athena/latest/ug/engine-versions-reference-0003.html>",
        sizes: "assumed: as trino",
        read: TRINO_READ,
        write: writes_in_whole_parts(32),
        ..ROW
    },
    BuiltIn {
        name: "datafusion-row-groups",
        description: "DataFusion: 2 columns of Parquet files of 8 row groups (Polars, pyarrow: 17 to 18)",
        source: "captured: read of 8 files: 1 LIST, 136 GET",
        sizes: DATAFUSION_SIZES,
        read: reads(17.0, 0.0, 0.125),
        write: writes_in_parts(10),
        ..ROW
    },
    BuiltIn {
        name: "duckdb",
        description: "DuckDB: 2 columns of one-row-group Parquet; COPY TO one file",
        source: "captured: read of 200 files: 1 LIST, 600 GET; write of 70 MB: 1 PUT",
        sizes: "documented: parts of `s3_uploader_max_filesize` 800 GB / \
                `s3_uploader_max_parts_per_file` 10,000 in whole blocks of 256 KiB, \
                <https://duckdb.org/docs/stable/core_extensions/httpfs/s3api.html>; assumed: copies \
                as direct's",
        read: reads(3.0, 0.0, 0.005),
        write: WriteRequests { part_size: Some(ByteSize::of_bytes(306 << 18)), ..ONE_PUT },
        ..ROW
    },
    BuiltIn {
        name: "pyarrow",
        description: "pyarrow dataset: 2 columns of one-row-group Parquet",
        source: "captured: read of 200 files: 2 LIST, 1 HEAD, 601 GET; write of 70 MB: 7 parts; of \
                 1 MiB: 1 create, 1 part, 1 complete; copy: 1 CopyObject",
        sizes: "captured: parts of 10 MiB, an upload at any size (documented: unless \
                `allow_delayed_open`, \
                <https://arrow.apache.org/docs/python/generated/pyarrow.fs.S3FileSystem.html>); \
                assumed: copies as direct's",
        read: reads(3.005, 0.005, 0.01),
        write: always_uploads(10),
        ..ROW
    },
    BuiltIn {
        name: "dask",
        description: "dask dataframe: 2 columns of one-row-group Parquet",
        source: "captured: read of 200 files: 2 LIST, 602 GET; write of 50 parts: 50 PUT",
        sizes: "documented: s3fs 2026.9 `default_block_size` 50 MiB; CopyObject up to 5 GiB, after \
                a HEAD; <https://s3fs.readthedocs.io/en/latest/api.html>",
        read: reads(3.01, 0.0, 0.01),
        write: writes_in_whole_parts(50),
        copy: ONE_COPY_AFTER_HEAD,
        ..ROW
    },
    BuiltIn {
        name: "polars",
        description: "Polars scan: 2 columns of one-row-group Parquet",
        source: "captured: read of 200 files: 1 LIST, 415 GET; write of 68 MB: 1 create, 3 parts, \
                 1 complete; of few bytes: 1 PUT",
        sizes: "documented: uploads in chunks of 32 MiB (`POLARS_UPLOAD_CHUNK_SIZE`), one PUT for \
                one chunk, <https://github.com/pola-rs/polars>; assumed: copies as direct's",
        read: reads(2.075, 0.0, 0.005),
        write: writes_in_parts(32),
        ..ROW
    },
    BuiltIn {
        name: "datafusion",
        description: "DataFusion: 2 columns of one-row-group Parquet",
        source: "captured: read of 200 files: 1 LIST, 400 GET",
        sizes: DATAFUSION_SIZES,
        read: reads(2.0, 0.0, 0.005),
        write: writes_in_parts(10),
        ..ROW
    },
    BuiltIn {
        name: "boto3",
        aliases: &["s3transfer"],
        description: "boto3 download_file, upload_file and copy: 8 MiB parts",
        source: "captured: 100 MiB down: 1 HEAD, 13 GET; up: 1 create, 13 parts, 1 complete; copy \
                 of 64 MiB: 1 HEAD, 1 create, 8 parts, 1 complete; of 8 MiB: 1 part",
        sizes: S3TRANSFER_SIZES,
        read: reads_in_parts(1.0, 8),
        write: writes_in_whole_parts(8),
        copy: S3TRANSFER_COPY,
        part_growth: PartGrowth::Doubling,
    },
    BuiltIn {
        name: "aws-cli",
        aliases: &["awscli"],
        description: "aws s3 cp: 8 MiB parts",
        source: "captured: 100 MiB down: 1 HEAD, 13 GET; up: 1 create, 13 parts, 1 complete; copy \
                 of 64 MiB: 1 HEAD, 1 create, 8 parts, 1 complete",
        sizes: AWS_CLI_SIZES,
        read: reads_in_parts(1.0, 8),
        write: writes_in_whole_parts(8),
        copy: S3TRANSFER_COPY,
        part_growth: PartGrowth::Doubling,
    },
    BuiltIn {
        name: "aws-cli-sync",
        description: "aws s3 sync: 8 MiB parts",
        source: "captured: 200 files up: 1 LIST, 200 PUT; down: 1 LIST, 200 GET; assumed: a copy \
                 lists either side as much",
        sizes: AWS_CLI_SIZES,
        read: ReadRequests { list: 0.005, ..reads_in_parts(0.0, 8) },
        write: WriteRequests { list: 0.005, ..writes_in_whole_parts(8) },
        copy: CopyRequests { head: 0.0, list: 0.01, ..S3TRANSFER_COPY },
        part_growth: PartGrowth::Doubling,
        ..ROW
    },
    BuiltIn {
        name: "java-sdk",
        aliases: &["java", "aws-sdk-java"],
        description: "AWS SDK for Java 2.x, S3 Transfer Manager: 8 MiB parts",
        source: "documented: a HEAD of a copy's source; assumed: downloads in the parts that were \
                 uploaded",
        sizes: "documented: `minimumPartSizeInBytes` 8 MiB, parts above `thresholdInBytes`, the \
                same, for uploads and copies alike, \
                <https://docs.aws.amazon.com/sdk-for-java/latest/developer-guide/s3-async-client-multipart.html>",
        read: reads_in_parts(0.0, 8),
        write: writes_in_parts(8),
        copy: CopyRequests { part_size: Some(ByteSize::mib(8)), ..ONE_COPY_AFTER_HEAD },
        ..ROW
    },
    BuiltIn {
        name: "s5cmd",
        description: "s5cmd cp: 50 MiB parts",
        source: "captured: 100 MiB down: 1 HEAD, 2 GET; up: 1 create, 2 parts, 1 complete",
        sizes: "documented: `--part-size` 50 MiB; copies by CopyObject alone; s5cmd 2.3, \
                <https://github.com/peak/s5cmd>; assumed: a HEAD of a copy's source, and parts of \
                5 GiB where S3 refuses the CopyObject",
        read: reads_in_parts(1.0, 50),
        write: writes_in_parts(50),
        copy: ONE_COPY_AFTER_HEAD,
        ..ROW
    },
    BuiltIn {
        name: "rclone",
        description: "rclone copy",
        source: "captured: 200 files down: 1 LIST, 1 HEAD, 200 GET; up: 1 LIST, 201 HEAD, 200 PUT; \
                 100 MiB up: 1 PUT; assumed: a copy as up",
        sizes: "documented: uploads in parts of `--s3-chunk-size` 5 MiB from `--s3-upload-cutoff` \
                200 MiB, downloads in 64 MiB from `--multi-thread-cutoff` 256 MiB, copies in parts \
                of `--s3-copy-cutoff` 4,768 MiB from there; rclone 1.76, \
                <https://rclone.org/s3/>, <https://rclone.org/docs/>",
        read: ReadRequests {
            part_size: Some(ByteSize::mib(64)),
            parts_from: Some(ByteSize::mib(256)),
            ..reads(1.0, 0.005, 0.005)
        },
        write: WriteRequests {
            head: 1.005,
            list: 0.005,
            part_size: Some(ByteSize::mib(5)),
            multipart_from: Some(ByteSize::mib(200)),
            ..ONE_PUT
        },
        copy: CopyRequests {
            head: 1.005,
            list: 0.005,
            part_size: Some(ByteSize::mib(4768)),
            multipart_from: Some(ByteSize::mib(4768)),
        },
        part_growth: PartGrowth::WholeMebibytes,
        ..ROW
    },
    BuiltIn {
        name: "s3torch",
        description: "S3 connector for PyTorch: 8 MiB parts",
        source: "captured: 100 MiB down: 13 GET",
        sizes: "captured: parts of 8 MiB down; assumed: the same up, copies as direct's",
        read: reads_in_parts(0.0, 8),
        write: writes_in_parts(8),
        ..ROW
    },
];
