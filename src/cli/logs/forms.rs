//! Logs of several forms: which may be read together, and whose requests count.

use super::Args;
use crate::error::{Error, Result};
use crate::logs::Form;
use crate::recording::gather::Gather;

/// Which forms may be read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forms {
    /// Any, but only one.
    One,
    /// Access logs for the requests, and trails for KMS's calls.
    LogsAndTrails,
}

/// What is gathered of each form.
pub(super) struct Gathers {
    forms: Forms,
    /// What all begin as, so that one can be absorbed by another.
    pattern: Gather,
    memory: usize,
    of_form: Vec<(Form, Gather)>,
}

impl Gathers {
    pub(super) fn new(args: &Args, forms: Forms) -> Result<Self> {
        let memory = args.memory_for_requests(forms);
        let pattern = args.gather(forms, memory)?;
        Ok(Self { forms, pattern, memory, of_form: Vec::new() })
    }

    /// Where the requests of a file go.
    pub(super) fn of(&mut self, form: Form, name: &str) -> Result<&mut Gather> {
        let first = self.of_form.first().map_or(form, |(first, _)| *first);
        check_form(self.forms, first, form, name)?;
        let place = self.of_form.iter().position(|(known, _)| *known == form);
        if place.is_none() {
            self.of_form.push((form, self.pattern.beside(self.memory)));
        }
        let place = place.unwrap_or(self.of_form.len() - 1);
        let gather = &mut self.of_form[place].1;
        gather.begin(form, name);
        Ok(gather)
    }

    /// For what is read beside others, in about `memory` bytes.
    pub(super) fn beside(&self, memory: usize) -> Gather {
        self.pattern.beside(memory)
    }

    /// The one whose requests count, and how many requests the other has.
    pub(super) fn one(mut self) -> (Gather, u64) {
        let is_log = |(form, gather): &(Form, Gather)| {
            *form == Form::S3AccessLog && gather.taken().records > 0
        };
        let place = self.of_form.iter().position(is_log);
        let place = place
            .or_else(|| self.of_form.iter().position(|(_, gather)| gather.taken().records > 0));
        if self.of_form.is_empty() {
            return (self.pattern, 0);
        }
        let (_, gather) = self.of_form.swap_remove(place.unwrap_or_default());
        (gather, self.of_form.iter().map(|(_, other)| other.taken().records).sum())
    }
}

/// One request may be in logs of two forms, and would count twice.
fn check_form(forms: Forms, first: Form, form: Form, name: &str) -> Result<()> {
    if forms == Forms::LogsAndTrails {
        return match form {
            Form::S3AccessLog | Form::CloudTrail => Ok(()),
            Form::IbmCos => Err(Error::request(format!(
                "the file is of the form `{}`, which tells neither requesters nor KMS's calls",
                form.name()
            ))
            .at(name)
            .hint("give CloudTrail's files and, if there are any, S3 access logs")),
        };
    }
    if form != first {
        return Err(Error::request(format!(
            "the file is of the form `{}`, but the one before it of `{}`, and logs of two forms may \
             tell of the same requests",
            form.name(),
            first.name()
        ))
        .at(name)
        .hint("replay logs of one form at a time"));
    }
    Ok(())
}
