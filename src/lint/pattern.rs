//! Texts of policies that stand for many: with `*`, `?`, and variables that nobody knows beforehand.
//!
//! A variable, `${aws:PrincipalTag/team}` of IAM or `${Bucket.Arn}` of a template, is opaque: it is equal to itself
//! and to nothing else. For matching it is one text without separators; for people it stays as written.

/// How dynamic references of `CloudFormation` begin, which a deployment replaces; they end with `}}`.
const DYNAMIC: &str = "{{resolve:";

/// The text of a value for matching: what stands in `${…}` loses all that means something outside, and dynamic
/// references become variables.
pub(crate) fn opaque(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in parts(text) {
        match part {
            TextPart::Plain(text) => out.push_str(text),
            TextPart::Variable(name) => {
                out.push_str("${");
                out.extend(name.chars().map(|c| match c {
                    '*' | '?' | '/' | ':' => '_',
                    c => c,
                }));
                out.push('}');
            }
        }
    }
    out
}

/// A part of a text.
enum TextPart<'a> {
    Plain(&'a str),
    /// What stands between the braces.
    Variable(&'a str),
}

fn parts(text: &str) -> Vec<TextPart<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = [rest.find("${"), rest.find(DYNAMIC)].into_iter().flatten().min() {
        let close = if rest[at..].starts_with('$') { "}" } else { "}}" };
        let Some(end) = rest[at..].find(close) else { break };
        parts.push(TextPart::Plain(&rest[..at]));
        parts.push(TextPart::Variable(&rest[at + 2..at + end]));
        rest = &rest[at + end + close.len()..];
    }
    parts.push(TextPart::Plain(rest));
    parts
}

/// A text without its variables.
pub(crate) fn outside_variables(text: &str) -> String {
    let plain = parts(text).into_iter().filter_map(|part| match part {
        TextPart::Plain(text) => Some(text),
        TextPart::Variable(_) => None,
    });
    plain.collect()
}

/// Whether a text has a part that is known only when a request or a deployment is made.
pub(crate) fn has_variable(text: &str) -> bool {
    text.contains("${") || text.contains(DYNAMIC)
}

/// Whether `text` is one of those that `pattern` stands for: `*` is any characters, none among them, `?` is one.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Behind the last star, and what it has swallowed so far.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*' {
            (p, t) = (p + 1, t + 1);
        } else if p < pattern.len() && pattern[p] == '*' {
            star = Some((p + 1, t));
            p += 1;
        } else if let Some((after, swallowed)) = star {
            star = Some((after, swallowed + 1));
            (p, t) = (after, swallowed + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// The same for ARNs, each of the six parts by itself.
pub(crate) fn arn_matches(pattern: &str, arn: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (patterns, parts): (Vec<&str>, Vec<&str>) =
        (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    patterns.len() == parts.len()
        && patterns.iter().zip(&parts).all(|(pattern, part)| matches(pattern, part))
}

/// The ARN of the bucket in an object's ARN, or the pattern of it in a pattern of them: what stands before the
/// first `/` outside a variable. `None` if there is no object in it.
pub(crate) fn bucket_of(arn: &str) -> Option<&str> {
    let mut depth = 0_u32;
    for (at, c) in arn.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '/' if depth == 0 => return Some(&arn[..at]),
            _ => {}
        }
    }
    None
}

/// Texts that a pattern stands for, chosen so that stars are empty, short, begin with or reach over a `/`, or make up what an S3 ARN
/// has in front of the bucket, and that each `?` is a letter or, one at a time, the `/` behind a bucket. Not all of
/// them are ARNs.
pub(crate) fn examples(pattern: &str) -> Vec<String> {
    const FILLINGS: [&str; 9] =
        ["", "x", "/x", "x/x", ":::x", ":::x/x", "s3:::x", "s3:::x/x", "arn:aws:s3:::x"];
    // No ARN is longer: a key has at most 1,024 bytes.
    if pattern.len() > 2_000 {
        return Vec::new();
    }
    let mut examples = Vec::new();
    for pattern in without_question_marks(pattern) {
        for first in FILLINGS {
            for rest in FILLINGS {
                // The last star may differ from those before it.
                let (head, last) = pattern.rsplit_once('*').unwrap_or((&pattern, ""));
                let filled = if head.len() < pattern.len() { rest } else { "" };
                examples.push(head.replace('*', first) + filled + last);
            }
        }
    }
    examples.sort();
    examples.dedup();
    examples
}

/// A pattern with letters for its `?`, and, if it names no objects anyway, with a `/` for each by itself.
fn without_question_marks(pattern: &str) -> impl Iterator<Item = String> {
    // The name of a bucket is no longer.
    const NAME_MAX: usize = 63;
    let has_objects = bucket_of(pattern).is_some_and(|bucket| bucket.len() + 1 < pattern.len());
    let slashes = pattern.match_indices('?').filter(move |_| !has_objects);
    let slashes = slashes.take(NAME_MAX + 1);
    let slashes = slashes.map(|(at, _)| format!("{}/{}", &pattern[..at], &pattern[at + 1..]));
    std::iter::once(pattern.to_owned()).chain(slashes).map(|it| it.replace('?', "x"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition itself: each star takes every length.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.first() {
            None => text.is_empty(),
            Some(b'*') => (0..=text.len()).any(|skip| naive(&pattern[1..], &text[skip..])),
            Some(c) => {
                text.first().is_some_and(|it| *c == b'?' || c == it)
                    && naive(&pattern[1..], &text[1..])
            }
        }
    }

    /// All words over three letters up to a length.
    fn words(letters: &[char], longest: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..longest {
            last = last
                .iter()
                .flat_map(|word| letters.iter().map(move |c| format!("{word}{c}")))
                .collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    #[test]
    fn wildcards_match_as_they_are_defined() {
        for pattern in words(&['a', '*', '?'], 4) {
            for text in words(&['a', 'b'], 4) {
                assert_eq!(
                    matches(&pattern, &text),
                    naive(pattern.as_bytes(), text.as_bytes()),
                    "{pattern} {text}"
                );
            }
        }
    }

    #[test]
    fn parts_of_arns_match_each_by_itself() {
        let object = "arn:aws:s3:::logs/a/b:c";
        for (pattern, expected) in [
            ("arn:aws:s3:::logs/*", true),
            ("arn:*:s3:::logs/*", true),
            ("arn:aws:s3:*:*:logs/*", true),
            ("arn:aws*:::logs/*", false),
            ("arn:aws:s3:::*", true),
            ("arn:aws:s3:::logs", false),
            ("arn:aws:*", false),
            ("*", true),
        ] {
            assert_eq!(arn_matches(pattern, object), expected, "{pattern}");
        }
        assert!(matches("arn:aws*:::logs/*", object), "stars of StringLike reach over colons");
    }

    #[test]
    fn variables_are_equal_to_themselves_alone() {
        let tag = opaque("arn:aws:s3:::${aws:PrincipalTag/team}/*");
        assert_eq!(tag, "arn:aws:s3:::${aws_PrincipalTag_team}/*");
        assert_eq!(bucket_of(&tag), Some("arn:aws:s3:::${aws_PrincipalTag_team}"));
        let written = "arn:aws:s3:::${aws:PrincipalTag/team}/*";
        assert_eq!(bucket_of(written), Some("arn:aws:s3:::${aws:PrincipalTag/team}"));
        assert_eq!(bucket_of("${Bucket.Arn}"), None);
        assert!(matches(&tag, "arn:aws:s3:::${aws_PrincipalTag_team}/x"));
        assert!(!matches(&tag, "arn:aws:s3:::team/x"));
        assert_eq!(opaque("a${b"), "a${b");
    }

    #[test]
    fn examples_are_matched_by_their_pattern() {
        for pattern in
            ["arn:aws:s3:::b/*", "arn:aws:s3:::b*", "*/logs/?*", "*", "arn:*:s3:::*/*", "a??b?"]
        {
            let examples = examples(pattern);
            assert!(examples.len() > 1);
            assert!(examples.iter().all(|it| matches(pattern, it)), "{pattern}: {examples:?}");
        }
        assert_eq!(examples("a??"), ["a/x", "ax/", "axx"]);
        assert_eq!(examples("arn:aws:s3:::b"), ["arn:aws:s3:::b"]);
    }
}
