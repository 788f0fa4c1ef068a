//! IAM's evaluation of a KMS request by the statements of one policy, as AWS documents it.
//!
//! Of S3's requests to KMS the encryption context and the calling service are known; other keys of conditions are
//! not. What is not known is assumed to hold, and to hold alike before and after bucket keys: the question is what
//! they change. Sources:
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_multi-value-conditions.html>.

use super::pattern::{arn_matches, examples, matches};
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

impl Statement {
    /// Whether its resources have one of that ARN among them.
    pub(crate) fn is_about(&self, arn: &str) -> bool {
        self.resources.as_ref().is_none_or(|it| {
            it.is_negated != it.values.iter().any(|value| matches(&value.matched, arn))
        })
    }

    /// The conditions that must be assumed for the statement to be about the request; `None` if it is not,
    /// whatever is assumed.
    pub(crate) fn applies(&self, request: &KmsRequest) -> Option<Vec<&PolicyCondition>> {
        let is_for = |selection: &Option<Selection>, test: &dyn Fn(&Value) -> bool| {
            selection.as_ref().is_none_or(|it| it.is_negated != it.values.iter().any(test))
        };
        let action = request.action.to_ascii_lowercase();
        let acts = |value: &Value| matches(&value.matched.to_ascii_lowercase(), &action);
        if self.actions.is_negated == self.actions.values.iter().any(acts) {
            return None;
        }
        let is_key = |value: &Value| matches(&value.matched, request.key);
        let is_he = |value: &Value| {
            value.matched == "*" || request.principal.is_none_or(|it| it == value.matched)
        };
        if !is_for(&self.resources, &is_key) || !is_for(&self.principals, &is_he) {
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
            ("kms:viaservice", Some(_)) => self.via_s3(),
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

    /// Whether it may hold where S3 of some region is the calling service.
    fn via_s3(&self) -> Holds {
        let named = self.values.iter().flat_map(|value| examples(&value.matched));
        let mut endpoints: Vec<String> = named.filter(|it| it.starts_with("s3.")).collect();
        endpoints.push("s3.another-region.amazonaws.com".to_owned());
        let may = endpoints.iter().any(|it| self.holds_for(&[it]) != Holds::No);
        if may { Holds::Unknown } else { Holds::No }
    }
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
