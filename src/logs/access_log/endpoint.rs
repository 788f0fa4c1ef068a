//! The endpoint that a request was sent to, by its host header.

use crate::s3::is_region_code;

/// What the names of AWS's hosts end with, by partition.
const DOMAINS: [&[u8]; 3] = [b".amazonaws.com", b".amazonaws.com.cn", b".amazonaws.eu"];

/// What stands before the region in one label of the endpoints of websites and of the oldest form.
const BEFORE_REGION: [&[u8]; 3] = [b"s3-website-", b"s3-fips-", b"s3-"];

/// The region of an endpoint such as `BUCKET.s3.REGION.amazonaws.com`, in any of the forms it can have
/// (<https://docs.aws.amazon.com/general/latest/gr/s3.html>,
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>). `None`: it is of no one
/// region (`s3.amazonaws.com`), or a name of the client's own.
#[inline]
pub(super) fn region(host: &[u8]) -> Option<&[u8]> {
    let before = before_domain(host).or_else(|| {
        let port = memchr::memrchr(b':', host)?;
        before_domain(&host[..port])
    })?;
    let label = match last_label(before) {
        // Interface endpoints of a VPC have a label of their own here.
        b"vpce" => last_label(before.strip_suffix(b".vpce")?),
        label => label,
    };
    match label {
        b"s3" => None,
        b"s3-external-1" => Some(b"us-east-1"),
        _ if label.starts_with(b"s3-") => {
            let after = BEFORE_REGION.iter().find_map(|start| label.strip_prefix(*start));
            after.filter(|region| is_region_code(region))
        }
        _ => Some(label).filter(|region| is_region_code(region)),
    }
}

/// What stands before AWS's own domain.
#[inline]
fn before_domain(host: &[u8]) -> Option<&[u8]> {
    DOMAINS.iter().find_map(|domain| host.strip_suffix(*domain))
}

/// What follows the last dot; labels are short, so a plain loop is faster.
#[inline]
fn last_label(name: &[u8]) -> &[u8] {
    &name[name.iter().rposition(|byte| *byte == b'.').map_or(0, |dot| dot + 1)..]
}

#[cfg(test)]
mod tests {
    use super::region;

    #[test]
    fn endpoints_tell_their_region() {
        for (host, expected) in [
            ("lake.s3.eu-west-1.amazonaws.com", "eu-west-1"),
            ("s3.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("lake.s3.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("lake.s3.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
            ("lake.s3-eu-west-1.amazonaws.com", "eu-west-1"),
            ("lake.s3.dualstack.ap-southeast-2.amazonaws.com", "ap-southeast-2"),
            ("lake.s3-fips.us-east-2.amazonaws.com", "us-east-2"),
            ("ap-111122223333.s3-accesspoint.us-west-2.amazonaws.com", "us-west-2"),
            ("lake.s3-website-us-west-2.amazonaws.com", "us-west-2"),
            ("lake.s3-website.eu-central-1.amazonaws.com", "eu-central-1"),
            ("bucket.vpce-0e25b8cdd720f900e-argc85vg.s3.us-east-2.vpce.amazonaws.com", "us-east-2"),
            ("s3.eu-west-1.amazonaws.com:443", "eu-west-1"),
            ("s3-external-1.amazonaws.com", "us-east-1"),
            // Of no one region, or nobody knows of which.
            ("lake.s3.amazonaws.com", ""),
            ("eu-west-1.s3.amazonaws.com", ""),
            ("mine.s3-accelerate.amazonaws.com", ""),
            ("mine.s3-accelerate.dualstack.amazonaws.com", ""),
            ("abc.mrap.accesspoint.s3-global.amazonaws.com", ""),
            ("files.example.com", ""),
            ("amazonaws.com", ""),
            ("", ""),
        ] {
            let told = region(host.as_bytes()).unwrap_or_default();
            assert_eq!(str::from_utf8(told), Ok(expected), "{host}");
        }
    }
}
