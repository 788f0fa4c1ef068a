//! Who asked, by what CloudTrail's `userIdentity` means.
//!
//! An identity has an ARN unless it is of another account, whose trail alone tells names: then the
//! unique id of a role or user stands for it. `invokedBy` says through which service a request came,
//! and only where a service asks in its own name (`AWSService`) who asked; a KMS call that S3 forwards
//! for a requester has S3's mark there, `fas.s3.amazonaws.com`.
//!
//! Sources: the `userIdentity` element
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>)
//! and the prefixes of unique ids
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes>).

use crate::logs::lenient_json::{LenientText, Loose};
use crate::logs::record::{LoggedRequester, is_nobody, is_service};

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct UserIdentity<'a> {
    #[serde(borrow, rename = "type")]
    kind: LenientText<'a>,
    #[serde(borrow, alias = "principalid")]
    principal_id: LenientText<'a>,
    #[serde(borrow)]
    arn: LenientText<'a>,
    #[serde(borrow, alias = "accountid")]
    account_id: LenientText<'a>,
    #[serde(borrow, alias = "accesskeyid")]
    access_key_id: LenientText<'a>,
    #[serde(borrow, alias = "username")]
    user_name: LenientText<'a>,
    #[serde(borrow, alias = "invokedby")]
    invoked_by: LenientText<'a>,
    #[serde(borrow, alias = "sessioncontext")]
    session_context: Loose<SessionContext<'a>>,
    #[serde(borrow)]
    on_behalf_of: Loose<OnBehalfOf<'a>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct SessionContext<'a> {
    #[serde(borrow, alias = "sessionissuer")]
    session_issuer: Loose<Issuer<'a>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Issuer<'a> {
    #[serde(borrow, rename = "type")]
    kind: LenientText<'a>,
    #[serde(borrow, alias = "principalid")]
    principal_id: LenientText<'a>,
    #[serde(borrow, alias = "accountid")]
    account_id: LenientText<'a>,
    #[serde(borrow, alias = "username")]
    user_name: LenientText<'a>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OnBehalfOf<'a> {
    #[serde(borrow)]
    user_id: LenientText<'a>,
}

/// A unique id and what follows its colon: a role's session.
fn parted(id: &[u8]) -> (&[u8], &[u8]) {
    match id.iter().position(|byte| *byte == b':') {
        Some(colon) => (&id[..colon], &id[colon + 1..]),
        None => (id, b""),
    }
}

impl UserIdentity<'_> {
    /// Who asked, in an event that an account `received`.
    pub(super) fn requester<'a>(&'a self, received: Option<&'a [u8]>) -> LoggedRequester<'a> {
        if self.kind.get() == Some(b"AWSService") {
            return self.service(received);
        }
        if let Some(arn) = self.arn.get() {
            return LoggedRequester::parse(arn);
        }
        let (account, id) = (self.account_id.get(), self.principal_id.get());
        if account.into_iter().chain(id).any(is_nobody) {
            return LoggedRequester::Anonymous;
        }
        self.by_issuer().or_else(|| self.by_id()).unwrap_or_else(|| self.by_kind(received))
    }

    /// A service that asks in its own name. It has no account; its event goes to the account whose bucket
    /// or key it uses.
    fn service<'a>(&'a self, received: Option<&'a [u8]>) -> LoggedRequester<'a> {
        let names = [&self.invoked_by, &self.principal_id, &self.arn, &self.user_name];
        let mut names = names.into_iter().filter_map(LenientText::get);
        names
            .find(|name| !is_forwarded(name))
            .map_or(LoggedRequester::Unknown, |name| working_for(name, received))
    }

    /// A role's session by the role that issued it.
    fn by_issuer(&self) -> Option<LoggedRequester<'_>> {
        let issuer = &self.session_context.session_issuer;
        let role = issuer.user_name.get().filter(|_| issuer.kind.get() == Some(b"Role"))?;
        let account = issuer.account_id.get().or(self.account_id.get()).unwrap_or_default();
        let (_, session) = parted(self.principal_id.get().unwrap_or_default());
        Some(LoggedRequester::AssumedRole { account, role, session })
    }

    /// A role's session, a user or an account by its unique id.
    fn by_id(&self) -> Option<LoggedRequester<'_>> {
        let id = self.principal_id.get()?;
        let account = self.account_id.get().unwrap_or_default();
        let (id, session) = parted(id);
        if id.starts_with(b"AROA") || self.kind.get() == Some(b"AssumedRole") {
            return Some(LoggedRequester::AssumedRole { account, role: id, session });
        }
        if self.kind.get() == Some(b"FederatedUser") {
            let name = if session.is_empty() { id } else { session };
            let account = if account.is_empty() && !session.is_empty() { id } else { account };
            return Some(LoggedRequester::FederatedUser { account, name });
        }
        if session.is_empty() && (self.kind.get() == Some(b"Root") || id == account) {
            return Some(LoggedRequester::Root { account: id });
        }
        // A user is known by its unique id in whichever account's trail, by its name only in its own.
        if self.kind.get() == Some(b"IAMUser") || id.starts_with(b"AIDA") {
            let name = self.user_name.get().unwrap_or(id);
            return Some(LoggedRequester::User { account, name });
        }
        None
    }

    /// Whoever else it is, by the kind and the best name there is.
    fn by_kind<'a>(&'a self, received: Option<&'a [u8]>) -> LoggedRequester<'a> {
        let account = self.account_id.get().unwrap_or_default();
        let kind = self.kind.get();
        let behalf = self.on_behalf_of.user_id.get();
        let name = match kind {
            Some(b"IdentityCenterUser") => behalf.or(self.principal_id.get()),
            _ => self.principal_id.get().or(behalf),
        };
        if let Some(name) = name.or(self.user_name.get()) {
            return match kind {
                None => LoggedRequester::Other(name),
                Some(kind) => LoggedRequester::OfKind { account, kind, name },
            };
        }
        match (self.account_id.get(), self.invoked_by.get().filter(|name| is_service(name))) {
            // A session of a role that nothing names is not the account's root.
            (Some(account), _) if kind != Some(b"AssumedRole") => LoggedRequester::Root { account },
            (None, Some(service)) if !is_forwarded(service) => working_for(service, received),
            _ => LoggedRequester::Unknown,
        }
    }

    /// The unique id of a role that the ARN names.
    pub(super) fn role_id(&self) -> Option<&[u8]> {
        self.arn.get()?;
        let issuer = self.session_context.session_issuer.principal_id.get();
        let id = self.principal_id.get().or(issuer).map(|id| parted(id).0)?;
        id.starts_with(b"AROA").then_some(id)
    }

    /// What tells sessions of one name apart, best first.
    pub(super) fn credential(&self) -> Option<&[u8]> {
        let candidates = [&self.access_key_id, &self.principal_id, &self.arn, &self.invoked_by];
        candidates.into_iter().find_map(LenientText::get).filter(|name| !is_forwarded(name))
    }
}

/// A service that works for the account that received its event.
fn working_for<'a>(name: &'a [u8], received: Option<&'a [u8]>) -> LoggedRequester<'a> {
    match received {
        None => LoggedRequester::Service(name),
        Some(account) => LoggedRequester::ServiceFor { account, name },
    }
}

/// Whether a name is a service's mark on what it forwards for somebody else: nobody's.
fn is_forwarded(name: &[u8]) -> bool {
    name.starts_with(b"fas.")
}
