//! Names: that they differ, that they can be names, and which is meant.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{Resolved, misplaced, refuse, refuse_with};
use crate::error::{Error, one_of};
use crate::scenario::written::ScenarioFile;

/// Whether `name` can name a configuration or a folder of results.
pub(crate) fn is_plain(name: &str) -> bool {
    const MAX_LENGTH: usize = 100;
    name.len() <= MAX_LENGTH
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Refuses names that are none, that stand twice, and lists of nothing.
pub(super) fn check_names(file: &ScenarioFile) -> Resolved<()> {
    const HINT: &str = "use lower-case letters, digits, hyphens and underscores, e.g., `emr10`";
    if !is_plain(&file.name) {
        return refuse_with(
            "name",
            format!("`name` is `{}`, which cannot name a folder", file.name),
            HINT,
        );
    }
    for (i, configuration) in file.configurations.iter().enumerate() {
        if !is_plain(&configuration.name) {
            return refuse_with(
                format!("configuration.{i}.name"),
                format!("`{}` cannot name a configuration", configuration.name),
                HINT,
            );
        }
    }
    if !(file.from_log || file.replay.is_some()) {
        for (i, bucket) in file.buckets.iter().enumerate() {
            refuse_arn(&format!("bucket.{i}.name"), &bucket.name)?;
        }
    }
    // Populations and workloads share one set of names, since reads may be from either.
    let sources = file.populations.iter().map(|p| ("population", &p.name));
    let sources = sources.chain(file.workloads.iter().map(|w| ("workload", &w.name)));
    unique(sources)?;
    unique(file.buckets.iter().map(|b| ("bucket", &b.name)))?;
    unique(file.principals.iter().map(|p| ("principal", &p.name)))?;
    unique(file.configurations.iter().map(|c| ("configuration", &c.name)))?;
    unique(file.clients.iter().map(|c| ("client", &c.name)))?;
    for (kind, empty) in [
        ("bucket", file.buckets.is_empty()),
        ("principal", file.principals.is_empty()),
        ("workload", file.workloads.is_empty() && file.replay.is_none()),
        ("configuration", file.configurations.is_empty()),
    ] {
        if empty {
            return refuse(kind, format!("there is no `{kind}`, but a scenario has at least one"));
        }
    }
    Ok(())
}

fn unique<'a>(names: impl Iterator<Item = (&'static str, &'a String)>) -> Resolved<()> {
    let mut seen = BTreeSet::new();
    let mut index = BTreeMap::new();
    for (kind, name) in names {
        let i = *index.entry(kind).and_modify(|i| *i += 1).or_insert(0);
        if !seen.insert(name) {
            return refuse(
                format!("{kind}.{i}.name"),
                format!("the name `{name}` is used twice, but names must differ"),
            );
        }
    }
    Ok(())
}

/// The number of a name among others.
pub(super) fn find<'a>(
    name: &str,
    kind: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> crate::error::Result<usize> {
    names.clone().position(|known| known == name).ok_or_else(|| {
        Error::request(format!("`{name}` is not a {kind} of this scenario"))
            .hint(one_of(last_part(name), names.collect::<Vec<_>>()))
    })
}

/// The name within an ARN or an `s3://` URL; of any other text, the text.
fn last_part(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix("s3://") {
        return rest.split('/').next().unwrap_or_default();
    }
    let Some(arn) = Arn::parse(text) else { return text };
    match arn.resource.split_once('/') {
        // arn:aws:sts::111122223333:assumed-role/NAME/SESSION
        Some(("assumed-role", rest)) => rest.split('/').next().unwrap_or_default(),
        _ => arn.resource.rsplit('/').next().unwrap_or_default(),
    }
}

/// An Amazon Resource Name: `arn:aws:iam::111122223333:role/analytics`.
struct Arn<'a> {
    account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        let account = parts.nth(3)?;
        Some(Self { account, resource: parts.next()? })
    }
}

/// Refuses an ARN or a URL under a key where a name belongs.
pub(super) fn refuse_arn(path: &str, text: &str) -> Resolved<()> {
    let name = last_part(text);
    if name == text {
        return Ok(());
    }
    let key = path.rsplit('.').next().unwrap_or_default();
    let arn = Arn::parse(text);
    let own_key = match arn.as_ref().and_then(|arn| arn.resource.split('/').next()) {
        Some("role" | "assumed-role") => "role",
        Some("user") => "user",
        _ => key,
    };
    let error = Error::request(format!("`{key}` is `{text}`, but must be a name alone"));
    let mut hint = format!("write `{own_key} = \"{name}\"`");
    if let Some(arn) = arn.filter(|arn| !arn.account.is_empty() && key != "account") {
        let _ = write!(hint, " and `account = \"{}\"`", arn.account);
    }
    Err(misplaced(path, error.hint(hint)))
}

/// Refuses what is no number of an account.
pub(super) fn check_account(path: &str, text: &str) -> Resolved<()> {
    if is_account(text) {
        return Ok(());
    }
    let digits =
        Arn::parse(text).map_or_else(|| text.replace(['-', ' '], ""), |arn| arn.account.to_owned());
    let hint = if is_account(&digits) {
        format!("write `account = \"{digits}\"`")
    } else {
        "give e.g., `account = \"111122223333\"`".to_owned()
    };
    let message = format!("`account` is `{text}`, but an account has twelve digits");
    refuse_with(path, message, hint)
}

/// Whether a text is an account's number: twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
