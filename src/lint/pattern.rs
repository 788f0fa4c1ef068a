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
    let (mut pattern_left, mut left) = (pattern, text);
    // Behind the last star, and what stands behind all that it has swallowed so far.
    let mut star: Option<(&str, &str)> = None;
    loop {
        let mut letters = left.chars();
        let (wanted, letter) = (pattern_left.chars().next(), letters.next());
        match (wanted, letter) {
            (Some('*'), _) => {
                pattern_left = &pattern_left[1..];
                star = Some((pattern_left, left));
            }
            (None, None) => return true,
            (Some(_), None) => return false,
            (Some(wanted), Some(letter)) if wanted == '?' || wanted == letter => {
                pattern_left = &pattern_left[wanted.len_utf8()..];
                left = letters.as_str();
            }
            _ => {
                let Some((behind, swallowed)) = star else { return false };
                let mut longer = swallowed.chars();
                if longer.next().is_none() {
                    return false;
                }
                star = Some((behind, longer.as_str()));
                (pattern_left, left) = (behind, longer.as_str());
            }
        }
    }
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

#[cfg(test)]
pub(super) mod tests {
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
    pub(in crate::lint) fn words(letters: &[char], longest: usize) -> Vec<String> {
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
}
