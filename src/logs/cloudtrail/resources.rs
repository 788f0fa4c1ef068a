//! The resources that an event names: objects, buckets, access points, keys.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, MapAccess, SeqAccess};

use crate::logs::lenient_json::{Keep, LenientText, Loose, deserialize_by_keep, may_hold_object};
use crate::logs::record::{bucket_and_key, is_access_point};

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Resource<'a> {
    #[serde(borrow, rename = "type")]
    kind: LenientText<'a>,
    #[serde(borrow, rename = "ARN", alias = "arn")]
    arn: LenientText<'a>,
}

/// An event's resources, as far as they matter.
#[derive(Debug, Default)]
pub(super) struct Resources<'a> {
    first: Resource<'a>,
    /// ARN of the first bucket.
    bucket: LenientText<'a>,
    /// ARN of the access point that was asked.
    access_point: LenientText<'a>,
    /// How many are objects.
    pub(super) objects: u32,
    /// Whether they are given as text.
    pub(super) as_text: bool,
}

/// Types of resources that are buckets.
const BUCKETS: [&[u8]; 2] = [b"AWS::S3::Bucket", b"AWS::S3Express::DirectoryBucket"];

deserialize_by_keep!(Resources<'a>);

impl Resource<'_> {
    /// Whether it is one object, not all with some prefix.
    fn is_object(&self) -> bool {
        self.kind.get() == Some(b"AWS::S3::Object") && self.arn.get().is_some()
    }
}

impl<'a> Resources<'a> {
    /// Takes from one of them what matters.
    fn note(&mut self, resource: &Resource<'a>) {
        self.objects += u32::from(resource.is_object());
        let kind = resource.kind.get().unwrap_or_default();
        if BUCKETS.contains(&kind) && self.bucket.0.is_none() {
            self.bucket.0.clone_from(&resource.arn.0);
        } else if kind == b"AWS::S3::AccessPoint" {
            self.access_point.0.clone_from(&resource.arn.0);
        }
    }

    /// The bucket that a request names: where that is an access point, the one that it leads to, as the
    /// event's resources tell
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-monitoring-logging.html>).
    pub(super) fn bucket_of<'b>(&'b self, named: &'b [u8]) -> &'b [u8] {
        let Self { bucket, access_point, .. } = self;
        let before_name = access_point.get().and_then(|arn| arn.strip_suffix(named));
        let is_its_name = before_name.is_some_and(|before| before.ends_with(b"/"));
        match bucket.get() {
            Some(arn) if is_its_name || is_access_point(named) => bucket_and_key(arn).0,
            _ => named,
        }
    }

    /// ARN of the first of them.
    pub(super) fn first_arn(&self) -> Option<&[u8]> {
        self.first.arn.get()
    }
}

impl<'de: 'a, 'a> Keep<'de> for Resources<'a> {
    fn owned(text: &str) -> Self {
        Self { as_text: may_hold_object(text), ..Self::default() }
    }
    fn object<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        let first = Resource::deserialize(MapAccessDeserializer::new(map))?;
        let mut resources = Self::default();
        resources.note(&first);
        Ok(Self { first, ..resources })
    }
    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        let mut resources = Self::default();
        let mut is_first = true;
        while let Some(next) = array.next_element::<Loose<Resource<'a>>>()? {
            resources.note(&next);
            if std::mem::take(&mut is_first) {
                resources.first = next.into_inner();
            }
        }
        Ok(resources)
    }
}
