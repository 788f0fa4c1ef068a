//! A part of a sweep, for one of many machines: every so-manieth point of the grid.
//!
//! Neighbouring points are likely to be about as much work, so dealing them out in turn gives every shard
//! a share of the large ones.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// One of so many equal parts of a sweep.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Shard {
    /// Which, from 1.
    number: usize,
    /// Of how many.
    of: usize,
}

impl Shard {
    /// The shard of a number from 1 to `of`.
    ///
    /// # Errors
    /// If there is none of that number.
    pub fn new(number: usize, of: usize) -> Result<Self> {
        if number == 0 || number > of {
            return Err(Error::request(format!(
                "there is no shard `{number}/{of}`: shards are numbered from 1 to their number"
            ))
            .hint("the first of forty is `--shard 1/40`, the last `--shard 40/40`"));
        }
        Ok(Self { number, of })
    }

    /// Of how many it is one.
    #[must_use]
    pub fn of(self) -> usize {
        self.of
    }

    /// All shards of a sweep of which this is one.
    pub fn all(self) -> impl Iterator<Item = Self> {
        (1..=self.of).map(move |number| Self { number, of: self.of })
    }

    /// Its points of `0..points`: none, if there are fewer points than shards before it.
    pub fn points(self, points: usize) -> impl Iterator<Item = usize> {
        (self.number - 1..points).step_by(self.of)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        let Some((number, of)) = numbers else {
            return Err(Error::request(format!(
                "`{text}` is no shard: it must be a number, `/`, and the number of shards"
            ))
            .hint(
                "the third of forty is `--shard 3/40`; in a job array, `--shard auto` finds it out",
            ));
        };
        Self::new(number, of)
    }
}

impl TryFrom<String> for Shard {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Shard;

    #[test]
    fn each_point_is_in_one_shard() {
        for points in 0..20 {
            for of in 1..25 {
                let first = Shard::new(1, of).unwrap();
                let mut all: Vec<usize> = first.all().flat_map(|it| it.points(points)).collect();
                all.sort_unstable();
                assert_eq!(all, (0..points).collect::<Vec<_>>(), "{points} points, {of} shards");
            }
        }
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in ["", "3", "0/4", "5/4", "-1/4", "1/0", "a/b", "1/2/3"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert_eq!("3/40".parse::<Shard>().unwrap().to_string(), "3/40");
    }
}
