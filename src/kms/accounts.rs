//! Whose calls are whose: KMS bills, and throttles, the account that calls, in the region of the
//! bucket (AWS KMS pricing, and "Quotas for cross-account requests",
//! <https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html#rps-cross-account>).
//!
//! A call that S3 makes on a requester's behalf is the requester's account's. A copy from one region
//! to another calls in both: its source is unwrapped where it lies, the copy is wrapped where it goes.

/// An account in a region: what shares one quota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRegion {
    /// Twelve digits, or [`UNKNOWN`].
    pub account: String,
    /// AWS's code of the region.
    pub region: String,
}

/// What requesters of whom a log tells no account are put together as, where it names several others.
pub const UNKNOWN: &str = "unknown";

/// The principal whose calls KMS does not bill unless a scenario says otherwise: `CloudTrail` reading
/// and writing log files (documented,
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-kms-works-with-cloudtrail.html>).
pub const UNBILLED_SERVICE: &str = "cloudtrail.amazonaws.com";

/// Where a request's calls count, by number in [`Accounts::list`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charged {
    /// The account in the region of the bucket that the request is addressed to.
    pub own: u32,
    /// The account in the region in which what is read lies.
    pub read: u32,
    /// Whether KMS does not bill them.
    pub is_free: bool,
    /// Which clients send it, of those told apart by how they repeat what is throttled.
    pub clients: u32,
}

/// A principal's account, and whether its calls are billed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerAccount {
    /// Its account.
    pub account: String,
    /// Whether KMS bills its calls.
    pub is_billed: bool,
    /// The number of its clients among those told apart by how they repeat what is throttled.
    pub clients: u32,
}

/// The accounts and regions of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Each account in each region, account by account, in the order of principals and buckets.
    pub list: Vec<AccountRegion>,
    /// The regions, in the order of the buckets.
    pub regions: Vec<String>,
    /// For each principal the number of its account.
    account_of: Vec<u32>,
    /// For each principal whether its calls are not billed.
    is_free: Vec<bool>,
    /// For each principal the number of its clients.
    clients_of: Vec<u32>,
    /// For each bucket the number of its region.
    region_of: Vec<u32>,
}

impl Accounts {
    /// The accounts of some principals in the regions of some buckets.
    #[must_use]
    pub fn of<'a>(callers: &[CallerAccount], regions: impl IntoIterator<Item = &'a str>) -> Self {
        let mut accounts = Self::default();
        for region in regions {
            let number = numbered(&mut accounts.regions, region);
            accounts.region_of.push(number);
        }
        let mut names = Vec::new();
        for caller in callers {
            accounts.account_of.push(numbered(&mut names, &caller.account));
            accounts.is_free.push(!caller.is_billed);
            accounts.clients_of.push(caller.clients);
        }
        for account in names {
            let here = |region: &String| AccountRegion {
                account: account.clone(),
                region: region.clone(),
            };
            accounts.list.extend(accounts.regions.iter().map(here));
        }
        accounts
    }

    /// The same principals, each as if it were an account by itself.
    #[must_use]
    pub fn apart(all: &Self) -> Self {
        let principals = 0..all.account_of.len() as u32;
        let names = principals.clone().map(|number| number.to_string());
        let each = names.flat_map(|account| {
            let regions = all.regions.iter().cloned();
            regions.map(move |region| AccountRegion { account: account.clone(), region })
        });
        Self {
            list: each.collect(),
            account_of: principals.collect(),
            clients_of: vec![0; all.clients_of.len()],
            ..all.clone()
        }
    }

    /// Where the calls of a principal's request to a bucket count, which reads what lies in another
    /// or the same one.
    #[must_use]
    pub fn charged(&self, principal: usize, bucket: u32, read_from: u32) -> Charged {
        let first = self.charged_in_first_region(principal);
        if self.list.len() == 1 {
            return first;
        }
        let within = |bucket: u32| first.own + self.region_of[bucket as usize];
        Charged { own: within(bucket), read: within(read_from), ..first }
    }

    /// The same for calls in the first region.
    #[must_use]
    pub fn charged_in_first_region(&self, principal: usize) -> Charged {
        let own = self.account_of[principal] * self.regions.len() as u32;
        let (is_free, clients) = (self.is_free[principal], self.clients_of[principal]);
        Charged { own, read: own, is_free, clients }
    }

    /// How many kinds of clients there are, told apart by how they repeat what is throttled.
    #[must_use]
    pub fn client_groups(&self) -> usize {
        self.clients_of.iter().max().map_or(1, |last| *last as usize + 1)
    }

    /// The number of a bucket's region.
    #[must_use]
    pub fn region_of_bucket(&self, bucket: usize) -> usize {
        self.region_of[bucket] as usize
    }

    /// For each bucket the number of its region, if there are several regions.
    #[must_use]
    pub fn several_regions(&self) -> Option<&[u32]> {
        (self.regions.len() > 1).then_some(&self.region_of)
    }

    /// The number of the region of an account in a region.
    #[must_use]
    pub fn region(&self, number: usize) -> usize {
        number % self.regions.len()
    }

    /// The number of a principal's account in a region.
    #[must_use]
    pub fn of_principal(&self, principal: usize, region: usize) -> usize {
        self.account_of[principal] as usize * self.regions.len() + region
    }

    /// The number of the account of an account in a region.
    #[must_use]
    pub fn account(&self, number: usize) -> usize {
        number / self.regions.len()
    }
}

/// The number of a name among others, put there if it is new.
fn numbered(names: &mut Vec<String>, name: &str) -> u32 {
    let known = names.iter().position(|known| known == name);
    known.unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    }) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(account: &str, is_billed: bool) -> CallerAccount {
        CallerAccount { account: account.to_owned(), is_billed, clients: u32::from(!is_billed) }
    }

    #[test]
    fn every_account_counts_in_every_region_by_itself() {
        let callers = [
            caller("111122223333", true),
            caller("444455556666", false),
            caller("111122223333", true),
        ];
        let accounts = Accounts::of(&callers, ["us-east-1", "eu-west-1", "us-east-1"]);
        assert_eq!(accounts.regions, ["us-east-1", "eu-west-1"]);
        let names: Vec<_> =
            accounts.list.iter().map(|it| (it.account.as_str(), it.region.as_str())).collect();
        assert_eq!(names[1], ("111122223333", "eu-west-1"));
        assert_eq!(names[3], ("444455556666", "eu-west-1"));
        assert_eq!(names.len(), 4);
        // A copy by the second account from the first bucket to the second.
        let copy = accounts.charged(1, 1, 0);
        assert_eq!(copy, Charged { own: 3, read: 2, is_free: true, clients: 1 });
        assert_eq!(accounts.charged(2, 2, 2), accounts.charged(0, 0, 0));
        assert_eq!((accounts.account(3), accounts.region(3)), (1, 1));
        assert_eq!(accounts.client_groups(), 2);
    }
}
