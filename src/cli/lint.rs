//! `bks lint`: what bucket keys will break.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{self, OutputFormat, Print, Quiet};
use super::exit::Exit;
use super::file_errors::FileErrors;
use super::{input, output};
use crate::error::{Error, Result};
use crate::lint::{Linted, NotLookedAt, RoleFiles, Severity};
use crate::report::lint as report;

/// Find policies and settings that S3 Bucket Keys will break, before they are turned on
///
/// Reads IAM, key, bucket, session and organization policies, Terraform plans and states, and CloudFormation templates, as
/// JSON or YAML: files, folders, or `-`. Each statement is evaluated as IAM does, with the object's ARN in the encryption context,
/// as S3 sends it now, and with the bucket's ARN, as S3 sends it with bucket keys; a finding is where the decision
/// changes. Each finding has its place, its reason, the smallest mend, and how sure it is. Nothing is sent anywhere.
///
/// Exit code 3 if something was found that is as grave as `--fail-on`.
#[derive(Debug, Args)]
#[command(mut_arg("format", |arg| {
    arg.value_parser(OutputFormat::only(&[OutputFormat::Table, OutputFormat::Json, OutputFormat::Markdown, OutputFormat::Sarif]))
}))]
#[command(after_long_help = "Examples:\n  \
    bks lint policies/ --format sarif > bks.sarif\n  \
    bks lint reader.json --boundary boundary.json --key-policy key.json --role arn:aws:iam::111122223333:role/reader\n  \
    aws kms get-key-policy --key-id alias/data --policy-name default | bks lint -\n  \
    terraform show -json plan.bin | bks lint - --fail-on warning")]
pub(super) struct LintArgs {
    /// Policies, plans, states and templates, folders of them, or `-`
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Exit with code 3 if a finding is at least this grave
    ///
    /// `error`: will be denied, or no longer guarded. `warning`: may be denied, or stays without effect and costs
    /// money. `note`: worth knowing.
    #[arg(long, value_name = "SEVERITY", default_value = "error", value_parser =
        args::named(&["error", "warning", "note", "never"], |name| name))]
    fail_on: &'static str,
    /// Skip files without a policy or a bucket's encryption, as in folders, instead of refusing them
    ///
    /// For hooks that name every JSON file that changed. If nothing is left, JSON and SARIF have no findings. What cannot be
    /// read and looks like a policy or template is refused all the same, as in folders.
    #[arg(long, conflicts_with_all = ["boundary", "session", "key_policy", "role"])]
    skip_others: bool,
    /// Permissions boundary of the role whose policies the files are
    ///
    /// With this, `--session` or `--key-policy` all files are policies of one role or user and are evaluated together, as
    /// IAM does: a permission is lost only where no other policy gives it, and kept only where none takes it.
    #[arg(long, value_name = "FILE", help_heading = "Policies of one role")]
    boundary: Option<String>,
    /// Session policy of the role; several times for several
    #[arg(long, value_name = "FILE", help_heading = "Policies of one role")]
    session: Vec<String>,
    /// Policy of the KMS key that the role uses
    #[arg(long, value_name = "FILE", requires = "role", help_heading = "Policies of one role")]
    key_policy: Option<String>,
    /// ARN of the role, user or session, as the key policy names it, e.g., `arn:aws:iam::111122223333:role/reader`
    ///
    /// Without `--key-policy` it tells the account: a key of another account must be granted there, too.
    #[arg(long, value_name = "ARN", help_heading = "Policies of one role")]
    role: Option<String>,
    #[command(flatten)]
    print: Print,
}

impl LintArgs {
    /// Whether the files are the policies of one role.
    fn is_of_role(&self) -> bool {
        let beside = [&self.boundary, &self.key_policy, &self.role];
        beside.iter().any(|it| it.is_some()) || !self.session.is_empty()
    }

    /// All that is named, the policies beside the role's own too.
    fn all_files(&self) -> impl Iterator<Item = &String> {
        self.files.iter().chain(&self.boundary).chain(&self.session).chain(&self.key_policy)
    }
}

/// Looks at the policies of one role.
fn add_role(args: &LintArgs, linted: &mut Linted) -> Result<()> {
    if let Some(folder) = args.all_files().find(|file| Path::new(file).is_dir()) {
        return Err(Error::request("it is a folder, but the policies of one role are files")
            .at(folder.as_str())
            .hint("name its files"));
    }
    linted.add_role(&RoleFiles {
        arn: args.role.as_deref(),
        identity: read_all(&args.files)?,
        boundary: read_all(args.boundary.as_slice())?,
        session: read_all(&args.session)?,
        key: read_all(args.key_policy.as_slice())?,
    })
}

/// Refuses standard input for two files: the second would be empty.
fn check_stdin(args: &LintArgs) -> Result<()> {
    match args.all_files().filter(|file| *file == "-").count() {
        0 | 1 => Ok(()),
        _ => Err(Error::request("`-` is given more than once, but standard input is read once")
            .hint("write what it holds into a file, and name that")),
    }
}

/// Names and texts of files.
fn read_all(files: &[String]) -> Result<Vec<(String, String)>> {
    let mut texts = Vec::with_capacity(files.len());
    for file in files {
        let name = if file == "-" { "standard input" } else { file };
        texts.push((name.to_owned(), input::policy_text(file)?));
    }
    Ok(texts)
}

pub(super) fn run(args: &LintArgs) -> Result<Exit> {
    check_stdin(args)?;
    let mut linted = Linted::default();
    let mut left_out = FilesPassedOver::default();
    let apart = if args.is_of_role() { &[][..] } else { &args.files };
    if args.is_of_role() {
        add_role(args, &mut linted)?;
    }
    for file in apart {
        if Path::new(file).is_dir() {
            add_folder(Path::new(file), &mut linted, &mut left_out)?;
            continue;
        }
        let name = if file == "-" { "standard input" } else { file };
        match add(file, name, &mut linted) {
            Err(reason) if args.skip_others => left_out.add(name, reason),
            added => added.map_err(|reason| Error::from(reason).at(name))?,
        }
    }
    let is_document = args.print.format() != OutputFormat::Table;
    if linted.files == 0 && args.skip_others {
        left_out.tell(args.print.quiet);
        // Programs read a document without findings, not an empty file.
        if is_document {
            show(args, &linted)?;
        }
        return left_out.refused.map_or(Ok(Exit::Done), Err);
    }
    if linted.files == 0 && left_out.refused.is_none() {
        return Err(Error::request("no file there has a policy or a bucket's encryption in it")
            .at(args.files.join(" "))
            .hint(left_out.hint()));
    }
    left_out.tell(args.print.quiet);
    if linted.files > 0 {
        show(args, &linted)?;
    }
    if let Some(error) = left_out.refused {
        return Err(error);
    }
    let severity = Severity::ALL.into_iter().find(|severity| severity.name() == args.fail_on);
    let fails = |least| linted.findings.iter().any(|finding| finding.severity >= least);
    Ok(if severity.is_some_and(fails) { Exit::Found } else { Exit::Done })
}

fn show(args: &LintArgs, linted: &Linted) -> Result<()> {
    args.print.print(|format| match format {
        OutputFormat::Json => output::json(&report::json(linted)),
        OutputFormat::Sarif => output::json(&report::sarif(linted)),
        _ => format.document(&report::document(linted)),
    })
}

/// How to make JSON of a plan.
const SHOW_PLAN: &str =
    "run `terraform plan -out plan.bin`, then `terraform show -json plan.bin > plan.json`";

fn extension(path: &str) -> String {
    let end = Path::new(path).extension().unwrap_or_default();
    end.to_string_lossy().to_ascii_lowercase()
}

/// Looks at a file that was named; refuses by its name what is not read.
fn add(path: &str, name: &str, linted: &mut Linted) -> std::result::Result<(), NotLookedAt> {
    if let "tf" | "tofu" | "hcl" = extension(path).as_str() {
        let what = "Terraform's own language is not read, but what it plans is";
        return Err(NotLookedAt::Refused(Error::request(what).hint(SHOW_PLAN)));
    }
    let text = input::policy_text(path).map_err(|error| unread(path, error))?;
    if text.trim().is_empty() {
        return Err(NotLookedAt::Nothing(Error::request("the file is empty")));
    }
    linted.add(name, &text)
}

/// Why a file has no text: it is there and is no text, or nobody knows what is in it.
fn unread(path: &str, error: Error) -> NotLookedAt {
    if path == "-" || fs::File::open(path).is_ok() {
        NotLookedAt::Unread(error)
    } else {
        NotLookedAt::Refused(error)
    }
}

/// Files of folders, or that hooks name, that were not looked at.
#[derive(Default)]
struct FilesPassedOver {
    /// Those without anything to look at.
    idle: usize,
    /// Those that cannot be read and look like nothing of interest: how many, and the first with the reason.
    unread: Option<(usize, String)>,
    /// The first that may have something in it, and is not read; how many are like it.
    refused: Option<Error>,
    refused_too: usize,
    /// Terraform's own language.
    terraform: usize,
}

impl FilesPassedOver {
    fn add(&mut self, name: &str, reason: NotLookedAt) {
        match reason {
            NotLookedAt::Nothing(_) => self.idle += 1,
            NotLookedAt::Unread(error) => {
                let reason = error.at(name).to_string();
                let reason = reason.split("\n\n").next().unwrap_or_default().to_owned();
                let (count, _) = self.unread.get_or_insert((0, reason));
                *count += 1;
            }
            NotLookedAt::Refused(_) if self.refused.is_some() => self.refused_too += 1,
            NotLookedAt::Refused(error) => self.refused = Some(error.at(name)),
        }
    }

    fn hint(&self) -> &'static str {
        if self.terraform > 0 {
            return SHOW_PLAN;
        }
        "give policies, plans, states or templates, in JSON or YAML"
    }

    fn tell(&self, quiet: Quiet) {
        let (unread, reason) = self.unread.as_ref().map_or((0, ""), |it| (it.0, it.1.as_str()));
        for (count, what) in [
            (self.idle, "without a policy or a bucket's encryption".to_owned()),
            (unread, format!("which cannot be read (the first: {reason})")),
            (self.terraform, format!("in Terraform's own language ({SHOW_PLAN})")),
            (self.refused_too, "refused, too".to_owned()),
        ] {
            if count > 0 {
                quiet.note(&format!("files left out, {what}: {count}"));
            }
        }
    }
}

/// Looks at the files in a folder and in those within it. Hidden files and folders are left out, and links are
/// not followed.
fn add_folder(folder: &Path, linted: &mut Linted, left_out: &mut FilesPassedOver) -> Result<()> {
    let mut folders = vec![folder.to_owned()];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).reading(&folder)? {
            let entry = entry.reading(&folder)?;
            let kind = entry.file_type().reading(&folder)?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    for path in files {
        let name = path.display().to_string();
        match extension(&name).as_str() {
            "json" if name.to_ascii_lowercase().ends_with(".tf.json") => left_out.terraform += 1,
            "json" | "yaml" | "yml" | "tfstate" | "template" | "policy" => {
                if let Err(reason) = add(&name, &name, linted) {
                    left_out.add(&name, reason);
                }
            }
            "tf" | "tofu" => left_out.terraform += 1,
            _ => {}
        }
    }
    Ok(())
}
