//! Policies that IAM evaluates together: those of a role or user, its permissions boundary, those of its session,
//! and those of the keys that it uses.
//!
//! Within an account a request of a role is allowed if no policy denies it, the role's own policies allow it where
//! the key policy leaves that to the account, or the key policy allows the role itself; and the permissions
//! boundary and the session's policies, where there are any, allow it too. Of a key of another account both
//! sides must allow it. A session named by its own ARN in a key policy needs neither boundary nor session policy.
//! Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html>,
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html>,
//! <https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html>.
//!
//! The statement that is looked at must do without conditions of which nothing is known, as must whatever could
//! stand in for it; of the other limits such conditions are taken to hold, so that nothing is found that they hide.

use std::collections::BTreeSet;

use super::evaluate::{Decision, KmsRequest, is_session_of};
use super::pattern::{has_variable, matches};
use super::policy::{Policy, PolicyCondition, PolicyKind, Statement, StatementEffect};
use crate::error::{Error, Result};
use crate::harmless_text::named;

/// What a policy is to a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// It grants.
    Identity,
    Boundary,
    Session,
    /// It is a key's.
    Key,
}

/// The policies of one role or user, by their numbers in a file or in several.
#[derive(Clone, Debug, Default)]
pub(crate) struct RolePolicies {
    /// What messages call it.
    pub(crate) name: String,
    /// Its ARN, as key policies have it; `None` if it is not known.
    pub(crate) arn: Option<String>,
    pub(crate) identity: Vec<usize>,
    /// Whether it has policies that are not given.
    pub(crate) has_others: bool,
    /// Its permissions boundary; nothing if it has none, or if that is not given.
    pub(crate) boundary: Vec<usize>,
    pub(crate) session: Vec<usize>,
}

impl RolePolicies {
    /// What a policy is to it, if anything; a key's are to everybody.
    fn layer(&self, number: usize) -> Option<Layer> {
        [
            (&self.identity, Layer::Identity),
            (&self.boundary, Layer::Boundary),
            (&self.session, Layer::Session),
        ]
        .into_iter()
        .find_map(|(numbers, layer)| numbers.contains(&number).then_some(layer))
    }
}

/// A role or user, and who owns its policies.
#[derive(Clone, Debug, Default)]
pub(super) struct RoleOwners {
    pub(super) name: String,
    pub(super) arn: Option<String>,
    /// Owners of policies that grant it something.
    pub(super) identity: Vec<String>,
    /// Owner of its permissions boundary.
    pub(super) boundary: Option<String>,
    /// Whether it has, or may have, policies that are not given.
    pub(super) has_others: bool,
}

impl RoleOwners {
    /// Its policies among `all`.
    pub(super) fn policies(self, all: &[Policy]) -> RolePolicies {
        RolePolicies {
            name: self.name,
            arn: self.arn,
            has_others: self.has_others,
            identity: numbers_of(all, &self.identity),
            boundary: numbers_of(all, self.boundary.as_slice()),
            session: Vec::new(),
        }
    }
}

/// Numbers of the policies of some owners.
fn numbers_of(all: &[Policy], owners: &[String]) -> Vec<usize> {
    let known = all.iter().enumerate();
    let of_them = known.filter(|(_, policy)| {
        policy.kind == PolicyKind::Identity && owners.contains(&policy.owner)
    });
    of_them.map(|(number, _)| number).collect()
}

/// The policies that decide of a request, as far as they are given.
#[derive(Clone, Copy)]
pub(super) enum Deciding<'a> {
    /// One, of which nobody knows with which others it is evaluated.
    Alone(&'a Policy),
    /// Those of a role.
    Role(RoleDeciding<'a>),
}

/// The policies of a role, one of which is looked at.
#[derive(Clone, Copy)]
pub(super) struct RoleDeciding<'a> {
    pub(super) all: &'a [Policy],
    pub(super) role: &'a RolePolicies,
    /// What the looked-at one is to the role.
    pub(super) looked_at: Layer,
}

/// Those that decide of what a principal asks, and who he is.
pub(super) type DecidingFor<'a> = (Deciding<'a>, Option<&'a str>);

/// The policies that decide together with the one of that number, for each of those whom `principals` name.
pub(super) fn deciding<'a>(
    all: &'a [Policy],
    roles: &'a [RolePolicies],
    number: usize,
    principals: &[Option<&'a str>],
) -> Vec<DecidingFor<'a>> {
    let policy = &all[number];
    if policy.kind == PolicyKind::Key {
        return principals.iter().map(|it| of_key(all, roles, policy, *it)).collect();
    }
    let of_roles = roles.iter().filter_map(|role| {
        let looked_at = role.layer(number)?;
        Some((Deciding::Role(RoleDeciding { all, role, looked_at }), role.arn.as_deref()))
    });
    let of_roles: Vec<DecidingFor> = of_roles.collect();
    if of_roles.is_empty() {
        return principals.iter().map(|it| (Deciding::Alone(policy), *it)).collect();
    }
    of_roles
}

/// The policies that decide together with the one of that number for any of those: it, and those of their roles.
pub(super) fn deciding_policies<'a>(
    all: &'a [Policy],
    number: usize,
    deciding: &[DecidingFor],
) -> Vec<&'a Policy> {
    let mut numbers = BTreeSet::from([number]);
    for RoleDeciding { role, .. } in deciding.iter().filter_map(|(deciding, _)| deciding.role()) {
        numbers.extend([&role.identity, &role.boundary, &role.session].into_iter().flatten());
        let keys = (0..all.len()).filter(|_| role.arn.is_some());
        numbers.extend(keys.filter(|it| all[*it].is_of_known_key()));
    }
    numbers.into_iter().map(|number| &all[number]).collect()
}

/// Those that decide together with a key's policy for one of its principals.
fn of_key<'a>(
    all: &'a [Policy],
    roles: &'a [RolePolicies],
    policy: &'a Policy,
    principal: Option<&'a str>,
) -> DecidingFor<'a> {
    let named = roles.iter().filter(|_| policy.key.is_some()).find_map(|role| {
        let (arn, principal) = (role.arn.as_deref()?, principal?);
        (arn == principal || is_session_of(arn, principal)).then_some((role, arn))
    });
    match named {
        Some((role, arn)) => {
            (Deciding::Role(RoleDeciding { all, role, looked_at: Layer::Key }), Some(arn))
        }
        None => (Deciding::Alone(policy), principal),
    }
}

impl<'a> Deciding<'a> {
    /// What is decided if the conditions `assumed` hold, and no others of which it is not known.
    pub(super) fn decision(self, request: &KmsRequest, assumed: &[&PolicyCondition]) -> Decision {
        match self {
            Self::Alone(policy) => policy.decision(request, assumed),
            Self::Role(role) => role.decision(request, assumed),
        }
    }

    /// Whether anything but denials may stand against a request, as far as that is known.
    pub(super) fn may_be_granted(self, request: &KmsRequest) -> bool {
        match self {
            Self::Alone(_) => true,
            Self::Role(role) => role.is_granted(request, None),
        }
    }

    /// The role, if its policies are given.
    pub(super) fn role(self) -> Option<RoleDeciding<'a>> {
        match self {
            Self::Alone(_) => None,
            Self::Role(role) => Some(role),
        }
    }
}

impl<'a> RoleDeciding<'a> {
    fn decision(self, request: &KmsRequest, assumed: &[&PolicyCondition]) -> Decision {
        let in_force = self.of(&self.role.identity).chain(self.of(&self.role.boundary));
        let mut in_force = in_force.chain(self.of(&self.role.session)).chain(self.keys(request));
        if in_force.any(|policy| policy.decision(request, assumed) == Decision::Denied) {
            Decision::Denied
        } else if self.is_granted(request, Some(assumed)) {
            Decision::Allowed
        } else {
            Decision::Neither
        }
    }

    fn of(self, numbers: &'a [usize]) -> impl Iterator<Item = &'a Policy> {
        numbers.iter().map(move |&number| &self.all[number])
    }

    /// The policies of the key that is asked for, if its users are told apart.
    fn keys(self, request: &KmsRequest) -> impl Iterator<Item = &'a Policy> {
        let key = request.key.to_owned();
        let known = self.all.iter().filter(|_| self.role.arn.is_some());
        known.filter(move |policy| {
            policy.is_of_known_key() && policy.key.as_deref().is_some_and(|of| matches(of, &key))
        })
    }

    /// Whether somebody grants the request and nobody limits it. Conditions of which nothing is known hold if they
    /// are among `assumed`; all of them do where nothing is assumed, and in layers that cannot stand in for the
    /// one that is looked at.
    fn is_granted(self, request: &KmsRequest, assumed: Option<&[&PolicyCondition]>) -> bool {
        let granted = self.granted_by(request, assumed);
        let arn = self.role.arn.as_deref().unwrap_or_default();
        let (boundary, session) = (Layer::Boundary, Layer::Session);
        let [is_within_boundary, is_within_session] =
            [(&self.role.boundary, boundary), (&self.role.session, session)].map(
                |(numbers, layer)| {
                    let assumed = self.assumed_in(&[layer], assumed);
                    numbers.is_empty() || self.of(numbers).any(|it| it.grants(request, assumed))
                },
            );
        // What a key policy grants to a user or to a session by its own ARN, it grants past their boundary.
        let skips_session = granted.by_own_arn && arn.contains(":assumed-role/");
        let skips_boundary = skips_session || granted.by_own_arn && arn.contains(":user/");
        (granted.by_key || granted.by_role)
            && (is_within_boundary || skips_boundary)
            && (is_within_session || skips_session)
    }

    /// What is assumed to hold in `layers`: everything, unless they may stand in for what is looked at.
    fn assumed_in<'s>(
        self,
        layers: &[Layer],
        assumed: Option<&'s [&'s PolicyCondition]>,
    ) -> Option<&'s [&'s PolicyCondition]> {
        assumed.filter(|_| layers.contains(&self.looked_at))
    }

    fn granted_by(self, request: &KmsRequest, assumed: Option<&[&PolicyCondition]>) -> Granted {
        let keys: Vec<&Policy> = self.keys(request).collect();
        let is_foreign = self.is_foreign(request);
        // Within an account a role's policies and a key's may stand in for one another.
        let [of_role, of_key] = if is_foreign {
            [self.assumed_in(&[Layer::Identity], assumed), self.assumed_in(&[Layer::Key], assumed)]
        } else {
            [self.assumed_in(&[Layer::Identity, Layer::Key], assumed); 2]
        };
        let is_known = !self.role.has_others && !self.role.identity.is_empty();
        let by_role = self.of(&self.role.identity).any(|it| it.grants(request, of_role))
            || (!is_known && of_role.is_none());
        if keys.is_empty() {
            return Granted { by_role, by_key: false, by_own_arn: false };
        }
        let of_delegation = self.assumed_in(&[Layer::Key], assumed);
        let delegates = self.roots(&keys).iter().any(|root| {
            let by_root = KmsRequest { principal: Some(root), ..request.clone() };
            keys.iter().any(|it| it.grants(&by_root, of_delegation))
        });
        let mut granting = keys.iter().flat_map(|it| it.granting(request, of_key)).peekable();
        let directly = granting.peek().is_some();
        if is_foreign {
            let by_role = by_role && (directly || delegates);
            return Granted { by_role, by_key: false, by_own_arn: false };
        }
        let by_own_arn = granting.any(|it| it.names_itself(request.principal));
        Granted { by_role: by_role && delegates, by_key: directly, by_own_arn }
    }

    /// The root of the role's account, as key policies name it: a template's role is of the template's own account.
    fn roots(self, keys: &[&Policy]) -> Vec<String> {
        let Some(arn) = self.role.arn.as_deref() else { return Vec::new() };
        if !has_variable(arn) {
            return root(arn).into_iter().collect();
        }
        let principals =
            keys.iter().flat_map(|it| &it.statements).filter_map(|it| it.principals.as_ref());
        let named = principals.filter(|it| !it.is_negated).flat_map(|it| &it.values);
        let named = named.map(|value| value.matched.clone());
        named.filter(|it| it == "*" || it.ends_with(":root")).collect()
    }

    /// Whether the key is of another account than the role.
    fn is_foreign(self, request: &KmsRequest) -> bool {
        // A key of no account in particular is the role's own.
        let own = self.role.arn.as_deref().and_then(account);
        own.zip(account(request.key)).is_some_and(|(own, other)| own != other)
    }

    /// What a finding adds about the role's other policies, if any are given.
    pub(super) fn in_words(self) -> Option<String> {
        let RolePolicies { name, identity, boundary, session, .. } = self.role;
        let is_one = identity.len() + boundary.len() + session.len() < 2;
        if is_one && self.looked_at != Layer::Key || identity.is_empty() {
            return None;
        }
        let name = named(name);
        Some(match self.looked_at {
            Layer::Identity | Layer::Key => {
                format!("no other policy of `{name}` that is given allows it")
            }
            Layer::Boundary => {
                format!("it is the permissions boundary of `{name}`, which no other policy widens")
            }
            Layer::Session => {
                format!("it is a session policy of `{name}`, which no other policy widens")
            }
        })
    }
}

/// Who grants a request.
#[derive(Clone, Copy)]
struct Granted {
    /// The role's policies, and the key's policy where it must.
    by_role: bool,
    /// The key's policy by itself.
    by_key: bool,
    /// The key's policy by naming the principal itself, not its role.
    by_own_arn: bool,
}

/// Refuses what is no ARN of a role, a user or a session: without its account nothing could be found.
pub(super) fn check_arn(arn: &str) -> Result<()> {
    const EXAMPLE: &str = "arn:aws:iam::111122223333:role/reader";
    let kind = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let service = arn.split(':').nth(2).unwrap_or_default();
    let is_principal = match service {
        "iam" => kind.starts_with("role/") || kind.starts_with("user/"),
        "sts" => kind.starts_with("assumed-role/"),
        _ => false,
    };
    let is_whole = arn.starts_with("arn:") && account(arn).is_some();
    if is_whole && is_principal && !arn.ends_with('/') && !arn.contains(['*', '?']) {
        return Ok(());
    }
    Err(Error::request(format!("`{}` is no ARN of a role, a user or a role's session", named(arn)))
        .hint(format!("give it as the key policy names it, e.g., `{EXAMPLE}`")))
}

/// The account in an ARN, if it is a number.
fn account(arn: &str) -> Option<&str> {
    let account = arn.split(':').nth(4)?;
    (account.len() == 12 && account.bytes().all(|it| it.is_ascii_digit())).then_some(account)
}

/// The root of a principal's account.
fn root(arn: &str) -> Option<String> {
    let mut parts = arn.split(':');
    let (first, partition) = (parts.next()?, parts.next()?);
    let account = parts.nth(2).filter(|it| !it.is_empty())?;
    Some(format!("{first}:{partition}:iam::{account}:root"))
}

impl Policy {
    fn is_of_known_key(&self) -> bool {
        self.kind == PolicyKind::Key && self.key.is_some()
    }

    /// Whether a statement allows a request.
    fn grants(&self, request: &KmsRequest, assumed: Option<&[&PolicyCondition]>) -> bool {
        self.granting(request, assumed).next().is_some()
    }

    /// Statements that allow a request; conditions of which nothing is known hold if they are `assumed`, or if nothing
    /// is.
    fn granting<'s>(
        &'s self,
        request: &KmsRequest,
        assumed: Option<&[&PolicyCondition]>,
    ) -> impl Iterator<Item = &'s Statement> {
        let allowing = self.statements.iter().filter(|it| it.effect == StatementEffect::Allow);
        allowing.filter(move |statement| {
            statement.applies(request).is_some_and(|needed| {
                assumed.is_none_or(|assumed| needed.iter().all(|one| assumed.contains(one)))
            })
        })
    }
}

impl Statement {
    /// Whether it is for somebody by the own ARN, or for everybody.
    fn names_itself(&self, principal: Option<&str>) -> bool {
        self.principals.as_ref().is_none_or(|it| {
            let mut values = it.values.iter().map(|value| value.matched.as_str());
            it.is_negated || values.any(|value| value == "*" || Some(value) == principal)
        })
    }
}
