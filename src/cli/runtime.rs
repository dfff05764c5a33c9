//! The runtime that drives queries and the requests of repositories.

use tokio::runtime::{Builder, Runtime};

use super::failure::Failure;

/// Threads of the runtime at least, so that a query and a request never wait for each other.
const MIN_THREADS: usize = 2;

pub(crate) fn build() -> Result<Runtime, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Builder::new_multi_thread()
        .worker_threads(cores.max(MIN_THREADS))
        .thread_name("cairn-io")
        .enable_all()
        .build()
        .map_err(|error| Failure::ours(format_args!("cannot start the threads that drive requests: {error}")))
}
