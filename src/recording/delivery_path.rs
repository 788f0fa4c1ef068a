//! What the path of an access log's file tells: S3 may deliver them as `ACCOUNT/REGION/BUCKET/YYYY/MM/DD/FILE`
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html>).

use crate::s3::is_region_code;

/// The bucket that a file's requests went to, and its region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryPath {
    bucket: String,
    region: String,
}

impl DeliveryPath {
    /// What a path tells, if it is one of these, under whatever folder.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let names: Vec<&str> = path.split(['/', '\\']).collect();
        let [_, region, bucket, ..] =
            names.windows(6).find(|names| is_delivery(names)).unwrap_or_default()
        else {
            return None;
        };
        Some(Self { bucket: (*bucket).to_owned(), region: (*region).to_owned() })
    }

    /// The region of a bucket.
    pub(crate) fn region_of(&self, bucket: &[u8]) -> Option<&[u8]> {
        (self.bucket.as_bytes() == bucket).then_some(self.region.as_bytes())
    }
}

fn is_delivery(names: &[&str]) -> bool {
    let [account, region, _, year, month, day] = names else { return false };
    is_number(account, 12)
        && is_region_code(region.as_bytes())
        && is_number(year, 4)
        && is_number(month, 2)
        && is_number(day, 2)
}

fn is_number(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_deliveries_tell_regions() {
        let told = DeliveryPath::of("logs/111122223333/eu-central-1/lake/2026/11/20/2026-11-20-01");
        assert_eq!(told.as_ref().and_then(|it| it.region_of(b"lake")), Some(&b"eu-central-1"[..]));
        assert_eq!(told.and_then(|it| it.region_of(b"other").map(<[u8]>::to_vec)), None);
        for path in [
            "lake/2026/11/20/a",
            "logs/111122223333/lake/2026/11/20/a",
            "11112222333/eu-central-1/lake/2026/11/20/a",
            "111122223333/eu-central-1/lake/2026-11-20-a",
        ] {
            assert_eq!(DeliveryPath::of(path), None, "{path}");
        }
    }
}
