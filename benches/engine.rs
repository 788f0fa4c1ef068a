//! Requests answered per second, engine and workload by workload: `cargo bench`.
fn main() {
    divan::main();
}
