//! How much memory a run may take: the least that the machine has free, and that any limit leaves.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use crate::simulation::estimate::USUAL_BYTES;

/// Bytes of memory that a run may take; where nothing tells, what is usual.
///
/// Counted are, on Linux, what the machine has available, the limits of the control groups (v1 and v2,
/// as containers have them) that the process is in, and those of its address space and data. It is what was
/// free when this was first asked: what a log takes while it is read serves the run as well.
pub(super) fn free() -> u64 {
    static FREE: OnceLock<u64> = OnceLock::new();
    *FREE.get_or_init(|| {
        free_by(Path::new("/proc"), Path::new("/sys/fs/cgroup")).unwrap_or(USUAL_BYTES)
    })
}

/// What the files of `proc` and of the control groups under `groups` say.
fn free_by(proc: &Path, groups: &Path) -> Option<u64> {
    let available = value_kib(&text(&proc.join("meminfo")), "MemAvailable:");
    let own = of_groups(&text(&proc.join("self/cgroup")), groups);
    let limits = text(&proc.join("self/limits"));
    let status = text(&proc.join("self/status"));
    let space = within(limit_of(&limits, "Max address space"), value_kib(&status, "VmSize:"));
    let data = within(limit_of(&limits, "Max data size"), value_kib(&status, "VmData:"));
    [available, own, space, data].into_iter().flatten().min()
}

/// What a limit leaves of what is used.
fn within(limit: Option<u64>, used: Option<u64>) -> Option<u64> {
    Some(limit?.saturating_sub(used.unwrap_or_default()))
}

/// The soft limit of a name, in bytes.
fn limit_of(limits: &str, name: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A file's text; none if there is no such file.
fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The value of a line `NAME: 123 kB`, in bytes.
fn value_kib(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.saturating_mul(1_024))
}

/// The least that the control groups leave: those of `/proc/self/cgroup`, and all around them.
fn of_groups(own: &str, groups: &Path) -> Option<u64> {
    let lines = own.lines().filter_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        match controllers {
            "" => Some((groups.to_owned(), path)),
            many if many.split(',').any(|one| one == "memory") => {
                Some((groups.join("memory"), path))
            }
            _ => None,
        }
    });
    // Within a container the path may be that of its host, which is not seen there: its root is.
    let mut least: Option<u64> = None;
    for (root, path) in lines.chain([(groups.to_owned(), "/"), (groups.join("memory"), "/")]) {
        let path = Path::new(path.trim_start_matches('/'));
        for group in path.ancestors() {
            let left = left_of(&root.join(group));
            least = least.into_iter().chain(left).min();
        }
    }
    least
}

/// What a control group leaves: its limit less what it uses, files that can be read again apart.
fn left_of(group: &Path) -> Option<u64> {
    let stat = text(&group.join("memory.stat"));
    // A group without a limit of its own says `max`, or a number near 2^63.
    let (limit, used, again) = match number(&group.join("memory.max")) {
        Some(limit) => (limit, "memory.current", "inactive_file "),
        None => (
            number(&group.join("memory.limit_in_bytes")).filter(|limit| *limit < 1 << 60)?,
            "memory.usage_in_bytes",
            "total_inactive_file ",
        ),
    };
    let used = number(&group.join(used)).unwrap_or_default();
    let again = stat.lines().find_map(|line| line.strip_prefix(again)?.trim().parse::<u64>().ok());
    Some(limit.saturating_sub(used.saturating_sub(again.unwrap_or_default())))
}

/// The number that a file holds.
fn number(path: &Path) -> Option<u64> {
    text(path).trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// A machine of files, and what may be taken there.
    fn free_of(files: &[(&str, &str)]) -> Option<u64> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        free_by(&folder.path().join("proc"), &folder.path().join("cgroup"))
    }

    #[test]
    fn the_least_limit_counts() {
        let host = ("proc/meminfo", "MemTotal: 9000000 kB\nMemAvailable:    8192000 kB\n");
        let v2 = ("proc/self/cgroup", "0::/a/b\n");
        let v1 = ("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n");
        let none: Option<u64> = None;
        assert_eq!(free_of(&[]), none);
        assert_eq!(free_of(&[host]), Some(8_000 * MIB));
        // Of version 2: that of a group around it, less what is in use but can be read again.
        let around = [
            host,
            v2,
            ("cgroup/a/b/memory.max", "max\n"),
            ("cgroup/a/memory.max", "524288000\n"),
            ("cgroup/a/memory.current", "104857600\n"),
            ("cgroup/a/memory.stat", "anon 1\ninactive_file 52428800\n"),
        ];
        assert_eq!(free_of(&around), Some(450 * MIB));
        // Of version 1, where the container sees its own group as the root.
        let container = [
            host,
            v1,
            ("cgroup/memory/memory.limit_in_bytes", "314572800\n"),
            ("cgroup/memory/memory.usage_in_bytes", "209715200\n"),
            ("cgroup/memory/memory.stat", "total_inactive_file 104857600\n"),
        ];
        assert_eq!(free_of(&container), Some(200 * MIB));
        let unlimited =
            [host, v1, ("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")];
        assert_eq!(free_of(&unlimited), Some(8_000 * MIB));
        // `ulimit -v`, less what is taken.
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max data size             unlimited            unlimited            bytes\n\
                      Max address space         943718400            unlimited            bytes\n";
        let ulimit =
            [host, ("proc/self/limits", limits), ("proc/self/status", "VmSize:\t  102400 kB\n")];
        assert_eq!(free_of(&ulimit), Some(800 * MIB));
    }
}
