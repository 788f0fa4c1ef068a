//! Logs of several formats: which may be read together, and whose requests count.

use super::LogArgs;
use crate::error::{Error, Result};
use crate::logs::LogFormat;
use crate::recording::gather::{LogSlice, RecordGatherer};
use crate::recording::pseudonyms::NameHider;

/// Which formats may be read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum FormatsTogether {
    /// Any, but only one.
    One,
    /// Access logs for the requests, and trails for KMS's calls.
    LogsAndTrails,
}

/// What is gathered of each format.
pub(super) struct GatherByFormat {
    pub(super) together: FormatsTogether,
    /// What all begin as, so that one can be absorbed by another.
    pattern: RecordGatherer,
    memory: usize,
    /// Hides names of files, or does not.
    hider: NameHider,
    by_format: Vec<(LogFormat, RecordGatherer)>,
}

impl GatherByFormat {
    pub(super) fn new(args: &LogArgs, together: FormatsTogether, slice: LogSlice) -> Result<Self> {
        let memory = args.memory_for_requests(together);
        let pattern = args.gather(together, memory, slice)?;
        Ok(Self { together, pattern, memory, hider: args.hider(), by_format: Vec::new() })
    }

    /// Where the requests of a file go.
    pub(super) fn of(&mut self, format: LogFormat, name: &str) -> Result<&mut RecordGatherer> {
        let first = self.by_format.first().map_or(format, |(first, _)| *first);
        check_format(self.together, first, format, name)?;
        let place = self.by_format.iter().position(|(known, _)| *known == format);
        if place.is_none() {
            self.by_format.push((format, self.pattern.beside(self.memory)));
        }
        let place = place.unwrap_or(self.by_format.len() - 1);
        let gather = &mut self.by_format[place].1;
        gather.begin(format, &self.hider.name("log", name));
        Ok(gather)
    }

    /// For what is read beside others, in about `memory` bytes.
    pub(super) fn beside(&self, memory: usize) -> RecordGatherer {
        self.pattern.beside(memory)
    }

    /// The one whose requests count, and how many requests the other has.
    pub(super) fn one(mut self) -> (RecordGatherer, u64) {
        let with_requests = self.by_format.iter().enumerate();
        let with_requests = with_requests.filter(|(_, (_, gather))| gather.taken().records > 0);
        let first = with_requests.min_by_key(|(_, (format, _))| *format != LogFormat::S3AccessLog);
        let place = first.map(|(place, _)| place);
        if self.by_format.is_empty() {
            return (self.pattern, 0);
        }
        let (_, gather) = self.by_format.swap_remove(place.unwrap_or_default());
        (gather, self.by_format.iter().map(|(_, other)| other.taken().records).sum())
    }
}

/// One request may be in logs of two formats, and would count twice.
fn check_format(
    together: FormatsTogether,
    first: LogFormat,
    format: LogFormat,
    name: &str,
) -> Result<()> {
    if together == FormatsTogether::LogsAndTrails {
        return match format {
            LogFormat::S3AccessLog | LogFormat::CloudTrail => Ok(()),
            LogFormat::IbmCos => Err(Error::request(format!(
                "the file is of the format `{}`, which records neither requesters nor KMS calls",
                format.name()
            ))
            .at(name)
            .hint("give CloudTrail's files and, if there are any, S3 access logs")),
        };
    }
    if format != first {
        return Err(Error::request(format!(
            "the file is of the format `{}`, but the one before it of `{}`, and logs of two formats may \
             record the same requests",
            format.name(),
            first.name()
        ))
        .at(name)
        .hint("replay logs of one format at a time"));
    }
    Ok(())
}
