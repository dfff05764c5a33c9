//! Other programs that send files to S3.

use std::path::Path;
use std::process::{Command, Stdio};

use super::server::{ACCESS_KEY, BUCKET, REGION, SECRET_KEY};
use super::support::Fallible;
use super::support::copying::sync_file_system;
use super::support::measure::{Reported, run_program};

/// A program that copies directories to a bucket and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    S5cmd,
    Rclone,
}

impl Tool {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::S5cmd => "s5cmd",
            Self::Rclone => "rclone",
        }
    }

    /// Those that are on the path; says which are not.
    pub(crate) fn found() -> Vec<Self> {
        let is_there = |tool: &Self| {
            let mut command = Command::new(tool.name());
            let ran = command.arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            if ran.is_err() {
                println!("{} is not on the path: not compared with", tool.name());
            }
            ran.is_ok()
        };
        [Self::S5cmd, Self::Rclone].into_iter().filter(is_there).collect()
    }

    fn command(self, endpoint: &str) -> Command {
        let mut command = Command::new(self.name());
        match self {
            Self::S5cmd => command.args(["--log", "error", "--endpoint-url", endpoint]),
            Self::Rclone => command.args(["--config", "/dev/null", "--quiet"]),
        };
        command
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_REGION", REGION)
            .env("RCLONE_CONFIG_BENCH_TYPE", "s3")
            .env("RCLONE_CONFIG_BENCH_PROVIDER", "Other")
            .env("RCLONE_CONFIG_BENCH_ENV_AUTH", "true")
            .env("RCLONE_CONFIG_BENCH_ENDPOINT", endpoint)
            .env("RCLONE_CONFIG_BENCH_NO_CHECK_BUCKET", "true");
        command
    }

    /// Sends what lies below a directory.
    pub(crate) fn send(self, endpoint: &str, from: &Path, prefix: &str) -> Fallible<Reported> {
        let mut command = self.command(endpoint);
        match self {
            Self::S5cmd => {
                command.args(["cp", &format!("{}/", from.display()), &format!("s3://{BUCKET}/{prefix}/")])
            }
            // Without a slash at the end it asks for an object of that name, and this server fails when it is a folder.
            Self::Rclone => command.arg("copy").arg(from).arg(format!("bench:{BUCKET}/{prefix}/")),
        };
        run_program(&mut command)
    }

    /// Fetches it again, and makes it durable.
    pub(crate) fn fetch(self, endpoint: &str, prefix: &str, to: &Path) -> Fallible<Reported> {
        let mut command = self.command(endpoint);
        match self {
            Self::S5cmd => {
                command.args(["cp", &format!("s3://{BUCKET}/{prefix}/*"), &format!("{}/", to.display())])
            }
            Self::Rclone => command.arg("copy").arg(format!("bench:{BUCKET}/{prefix}/")).arg(to),
        };
        let mut reported = run_program(&mut command)?;
        let begun = std::time::Instant::now();
        sync_file_system(to)?;
        reported.seconds += begun.elapsed().as_secs_f64();
        Ok(reported)
    }
}
