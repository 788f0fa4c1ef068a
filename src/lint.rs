//! What turning bucket keys on will break or leave without effect, in policies, plans and templates.
//!
//! ```text
//! text ─ json, yaml ► document ─┬─ terraform, cloudformation ─┬─► policies ──► evaluate: before, after ─┬─► findings
//!  (with places)             └─ policies in wrappers ──────┘   encryption of buckets ── encryption ──┘
//!                                                                          └── plan ──► buckets of a scenario
//! ```
//!
//! Everything is a function of texts: nothing is fetched, and no account is asked.

mod account;
pub(crate) mod cases;
pub(crate) mod cloudformation;
pub(crate) mod document;
pub(crate) mod encryption;
pub(crate) mod evaluate;
mod finding;
mod foreign;
pub(crate) mod grants;
pub(crate) mod header;
pub(crate) mod intrinsic;
pub(crate) mod json;
mod kinds;
pub(crate) mod links;
pub(crate) mod object_context;
pub(crate) mod pattern;
mod plan;
pub(crate) mod policy;
mod policy_document;
mod requests;
pub(crate) mod role;
mod stacks;
pub(crate) mod terraform;
mod terraform_references;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_requests;
pub(crate) mod unknown;
pub(crate) mod writer;
mod yaml;

pub use document::NotLookedAt;
pub use finding::{Confidence, Finding, FindingRow, Rule, Severity};
pub use plan::{ModeName, PlannedBucket, PlannedBuckets};

use crate::error::{Error, Result};
use document::{Contents, FilePart};
use policy::{Policy, PolicyKind};
use role::RolePolicies;

/// Statements and values of the largest policy that AWS takes: a key policy of 32 KiB.
const VALUES_MAX: usize = 2_000;

/// Files with the policies of one role or user: the name and the text of each.
#[derive(Clone, Debug, Default)]
pub struct RoleFiles<'a> {
    /// Its ARN, as key policies have it.
    pub arn: Option<&'a str>,
    /// Its own policies.
    pub identity: Vec<(String, String)>,
    /// Its permissions boundary.
    pub boundary: Vec<(String, String)>,
    /// Policies of its sessions.
    pub session: Vec<(String, String)>,
    /// The policy of the key that it uses.
    pub key: Vec<(String, String)>,
}

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default)]
pub struct Linted {
    /// Files that had something to look at.
    pub files: usize,
    /// Policies in them.
    pub policies: usize,
    /// Statements of these.
    pub statements: usize,
    /// Settings of buckets' encryption.
    pub buckets: usize,
    /// Buckets whose bucket keys a plan turns on.
    pub turned_on: Vec<String>,
    /// What was found, by file and place.
    pub findings: Vec<Finding>,
}

impl Linted {
    /// Looks at the text of a file.
    ///
    /// # Errors
    /// It is neither JSON nor YAML, or has nothing to look at.
    pub fn add(&mut self, file: &str, text: &str) -> std::result::Result<(), NotLookedAt> {
        let parts = document::parts(text)?;
        let mut findings = Vec::new();
        for FilePart { owner, cases, not_all } in &parts {
            let contents: Vec<&Contents> = cases.iter().map(|it| &it.contents).collect();
            self.count_contents(&contents).map_err(NotLookedAt::Refused)?;
            findings.extend(not_all.clone().map(|it| it.within(owner)));
            let found = cases.iter().map(|it| (it.facts.clone(), check(&it.contents)));
            let found = cases::merged(&found.collect::<Vec<_>>());
            findings.extend(found.into_iter().map(|it| it.within(owner)));
        }
        self.files += 1;
        self.add_findings(file, findings);
        Ok(())
    }

    /// Looks at the policies of one role, which IAM evaluates together.
    ///
    /// # Errors
    /// The ARN is not that of a role, a user or a session; or a file is neither JSON nor YAML, has no policy, has
    /// resources, which tell whose policies they are, or is not of the kind that is asked for.
    pub fn add_role(&mut self, role: &RoleFiles) -> Result<()> {
        if let Some(arn) = role.arn {
            role::check_arn(arn).map_err(|error| error.at("--role"))?;
        }
        let mut contents = Contents::default();
        let mut policies = RolePolicies {
            name: role
                .arn
                .map_or("the role", |arn| arn.rsplit('/').next().unwrap_or(arn))
                .to_owned(),
            arn: role.arn.map(str::to_owned),
            ..RolePolicies::default()
        };
        for (files, numbers) in [
            (&role.identity, &mut policies.identity),
            (&role.boundary, &mut policies.boundary),
            (&role.session, &mut policies.session),
        ] {
            for (file, text) in files {
                numbers.extend(contents.add_policies(file, text, PolicyKind::Identity)?);
            }
        }
        for (file, text) in &role.key {
            contents.add_policies(file, text, PolicyKind::Key)?;
        }
        contents.roles = vec![policies];
        let files = role.identity.len() + role.boundary.len() + role.session.len() + role.key.len();
        self.count_contents(&[&contents])?;
        self.files += files;
        self.add_findings("", check(&contents));
        Ok(())
    }

    /// Counts what there is to look at: of several cases, in the one with most.
    fn count_contents(&mut self, cases: &[&Contents]) -> Result<()> {
        let most = |count: fn(&Contents) -> usize| cases.iter().map(|it| count(it)).max();
        let largest = most(|it| it.policies.iter().map(Policy::values).max().unwrap_or(0));
        if let Some(largest) = largest.filter(|largest| *largest > VALUES_MAX) {
            return Err(Error::request(format!(
                "a policy in it has {largest} statements and values, but AWS takes at most 32 KiB, some \
                 {VALUES_MAX} of them"
            )));
        }
        self.policies += most(|it| it.policies.len()).unwrap_or(0);
        self.statements +=
            most(|it| it.policies.iter().map(|it| it.statements.len()).sum()).unwrap_or(0);
        self.buckets += most(|it| it.buckets.len()).unwrap_or(0);
        let buckets = cases.first().into_iter().flat_map(|it| &it.buckets);
        let turned_on = buckets.filter(|bucket| bucket.turns_on());
        self.turned_on.extend(turned_on.map(|bucket| bucket.bucket.clone()));
        Ok(())
    }

    fn add_findings(&mut self, file: &str, mut findings: Vec<Finding>) {
        findings.sort_by_key(|it| (it.file.clone(), it.line, it.column, it.owner.clone(), it.rule));
        self.findings.extend(findings.into_iter().map(|it| {
            let file = if it.file.is_empty() { file.to_owned() } else { it.file };
            Finding { file, ..it }
        }));
    }

    /// Whether something that was looked at is known only after apply, or not from the files.
    #[must_use]
    pub fn is_partly_unknown(&self) -> bool {
        let unknown = [Rule::KnownAfterApply, Rule::NotInFile];
        self.findings.iter().any(|finding| unknown.contains(&finding.rule))
    }

    /// How many findings are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// The findings of all rules.
fn check(contents: &Contents) -> Vec<Finding> {
    let mut findings = contents.findings.clone();
    for (number, policy) in contents.policies.iter().enumerate() {
        let mut of_policy = object_context::check(contents, number);
        of_policy.extend(writer::check(contents, number));
        of_policy.extend(header::check(policy));
        of_policy.extend(unknown::check(policy));
        let is_grant = policy.kind == PolicyKind::Grant;
        findings.extend(of_policy.into_iter().map(|it| {
            let it = if is_grant { grants::worded(it) } else { it };
            Finding { file: policy.file.clone(), ..it }
        }));
    }
    findings.extend(contents.buckets.iter().filter_map(encryption::check));
    findings.extend(links::check(contents));
    findings
}
