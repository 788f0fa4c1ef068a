//! IAM's evaluation of a KMS request by the statements of one policy, as AWS documents it.
//!
//! Of S3's requests to KMS the encryption context and the calling service are known; other keys of conditions are
//! not. What is not known is assumed to hold, and to hold alike before and after bucket keys: the question is what
//! they change. Sources:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_multi-value-conditions.html>.

use super::pattern::{arn_matches, has_variable, matches};
use super::policy::{
    Policy, PolicyCondition, Selection, SetTest, Statement, StatementEffect, Test, TextTest, Value,
};

/// The condition key that bucket keys change: the object's ARN before, the bucket's after.
pub(crate) const S3_ARN: &str = "kms:encryptioncontext:aws:s3:arn";

/// A request that S3 makes of KMS for somebody.
#[derive(Clone, Debug)]
pub(crate) struct KmsRequest<'a> {
    pub(crate) action: &'a str,
    /// The KMS key's ARN.
    pub(crate) key: &'a str,
    /// Who it is; `None` for the owner of an identity policy.
    pub(crate) principal: Option<&'a str>,
    /// The ARN in the encryption context; `None` for a request that is not S3's.
    pub(crate) context: Option<&'a str>,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Yes,
    No,
    /// That depends on what is not known here.
    Unknown,
}

/// What a policy says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Allowed,
    Denied,
    /// No statement is about it.
    Neither,
}

impl Policy {
    /// What the policy decides if the conditions `assumed` hold, and no others of which it is not known.
    pub(crate) fn decision(&self, request: &KmsRequest, assumed: &[&PolicyCondition]) -> Decision {
        let applies = |effect: StatementEffect| {
            let mut statements = self.statements.iter().filter(|it| it.effect == effect);
            statements.any(|statement| {
                let needed = statement.applies(request);
                needed.is_some_and(|needed| needed.iter().all(|one| assumed.contains(one)))
            })
        };
        if applies(StatementEffect::Deny) {
            Decision::Denied
        } else if applies(StatementEffect::Allow) {
            Decision::Allowed
        } else {
            Decision::Neither
        }
    }
}

impl Selection {
    fn selects(&self, test: impl Fn(&Value) -> bool) -> bool {
        self.is_negated != self.values.iter().any(test)
    }

    /// Whether somebody is among principals; of the owner of a policy that is not known.
    fn has(&self, principal: Option<&str>) -> bool {
        self.selects(|value| {
            let named = value.matched.as_str();
            // Whoever excepts a role from a denial does not except its sessions.
            named == "*"
                || principal
                    .is_none_or(|it| it == named || !self.is_negated && is_session_of(it, named))
        })
    }
}

/// Whether somebody is a session of a role: of whatever path, which sessions' ARNs do not have.
pub(super) fn is_session_of(principal: &str, role: &str) -> bool {
    let session =
        principal.split_once(":assumed-role/").map(|(begin, end)| (begin, end.split_once('/')));
    let (Some((begin, Some((name, _)))), Some((of, path))) = (session, role.split_once(":role/"))
    else {
        return false;
    };
    begin.replacen(":sts:", ":iam:", 1) == of && path.rsplit('/').next() == Some(name)
}

impl Statement {
    /// Whether its resources have one of that ARN among them.
    pub(crate) fn is_about(&self, arn: &str) -> bool {
        self.resources.as_ref().is_none_or(|it| it.selects(|value| matches(&value.matched, arn)))
    }

    /// The conditions that must be assumed for the statement to be about the request; `None` if it is not,
    /// whatever is assumed.
    pub(crate) fn applies(&self, request: &KmsRequest) -> Option<Vec<&PolicyCondition>> {
        let action = request.action.to_ascii_lowercase();
        let acts = |value: &Value| matches(&value.matched.to_ascii_lowercase(), &action);
        let is_about = self.actions.selects(acts) && self.is_about(request.key);
        if !is_about || !self.principals.as_ref().is_none_or(|it| it.has(request.principal)) {
            return None;
        }
        let mut assumed = Vec::new();
        for condition in &self.conditions {
            match condition.holds(request) {
                Holds::Yes => {}
                Holds::No => return None,
                Holds::Unknown => assumed.push(condition),
            }
        }
        Some(assumed)
    }
}

impl PolicyCondition {
    /// Whether it holds for a request.
    pub(crate) fn holds(&self, request: &KmsRequest) -> Holds {
        match (self.key.as_str(), request.context) {
            (S3_ARN, context) => self.holds_for(context.as_slice()),
            ("kms:encryptioncontextkeys", Some(_)) => self.holds_for(&["aws:s3:arn"]),
            ("kms:viaservice", Some(_)) => self.via_s3(request.key),
            _ => Holds::Unknown,
        }
    }

    /// Whether it holds where the key has these values; it is absent if there are none.
    fn holds_for(&self, known: &[&str]) -> Holds {
        let holds = match self.test {
            Test::Other | Test::Unheard => return Holds::Unknown,
            Test::Null => {
                let wants_absence = |it: &Value| it.matched.eq_ignore_ascii_case("true");
                self.values.iter().any(|value| wants_absence(value) == known.is_empty())
            }
            Test::Text { is_negated, .. } if known.is_empty() => {
                self.if_exists
                    || match self.set {
                        SetTest::ForAny => false,
                        SetTest::ForAll => true,
                        SetTest::Single => is_negated,
                    }
            }
            Test::Text { comparison, is_negated } => {
                let passes = |known: &&str| {
                    let is_one = self.values.iter().any(|it| comparison.equal(&it.matched, known));
                    is_one != is_negated
                };
                match self.set {
                    SetTest::ForAll => known.iter().all(passes),
                    _ => known.iter().any(passes),
                }
            }
        };
        if holds { Holds::Yes } else { Holds::No }
    }

    /// Whether it holds, or may, where the key has these values.
    pub(crate) fn would_hold(&self, known: &[&str]) -> bool {
        self.holds_for(known) != Holds::No
    }

    /// Whether it holds where S3 asks for that key: through its endpoint of the key's own region.
    fn via_s3(&self, key: &str) -> Holds {
        if self.values.iter().any(may_be_of_s3) {
            return Holds::Unknown;
        }
        let endpoints = endpoints(key).unwrap_or_else(|| {
            let named = self.values.iter().map(|value| value.matched.to_lowercase());
            let named = named.filter(|it| it.starts_with("s3."));
            let named = named.map(|it| it.replace(['*', '?'], "another-region"));
            named.chain(["s3.another-region.amazonaws.com".to_owned()]).collect()
        });
        let holding: Vec<Holds> = endpoints.iter().map(|it| self.holds_for(&[it])).collect();
        match holding[0] {
            first if holding.iter().all(|it| *it == first) => first,
            _ => Holds::Unknown,
        }
    }
}

/// Whether a variable in a value may stand for S3's endpoint: it does not behind the begin of another's.
fn may_be_of_s3(value: &Value) -> bool {
    let text = value.matched.as_str();
    let head = text.split(['*', '?', '$']).next().unwrap_or_default();
    has_variable(text) && (head.starts_with("s3.") || "s3.".starts_with(head))
}

/// The endpoint of S3 in the region of a key; `None` if that is not told.
fn endpoints(key: &str) -> Option<Vec<String>> {
    let mut parts = key.split(':');
    let (partition, region) = (parts.nth(1)?, parts.nth(1)?);
    let domain = match partition {
        "aws" | "aws-us-gov" => "amazonaws.com",
        "aws-cn" => "amazonaws.com.cn",
        _ => return None,
    };
    let is_told = region.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
    is_told.then(|| vec![format!("s3.{region}.{domain}")])
}

impl TextTest {
    /// Whether a value of a condition stands for a text.
    pub(crate) fn equal(self, value: &str, text: &str) -> bool {
        match self {
            Self::Equal => value == text,
            Self::EqualIgnoringCase => value.to_lowercase() == text.to_lowercase(),
            Self::Like => matches(value, text),
            Self::ArnLike => arn_matches(value, text),
        }
    }

    /// Whether `*` and `?` in a value stand for other characters.
    pub(crate) fn has_wildcards(self) -> bool {
        matches!(self, Self::Like | Self::ArnLike)
    }
}
