//! A server of S3 in a process of its own, which ends with the one that started it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

use crate::support::Fallible;

pub(crate) const ACCESS_KEY: &str = "AKIACAIRN";
pub(crate) const SECRET_KEY: &str = "s3cr3tk3y";
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const BUCKET: &str = "bucket";

/// A server that runs.
pub(crate) struct Server {
    process: Child,
    pub(crate) endpoint: String,
}

impl Server {
    /// Starts one whose buckets are folders of `root`.
    pub(crate) fn start(root: &Path) -> Fallible<Self> {
        std::fs::create_dir_all(root.join(BUCKET))?;
        let mut process = Command::new(std::env::current_exe()?)
            .arg("server")
            .arg(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { process, endpoint: line.trim().to_owned() })
    }

    /// What a repository there is told.
    pub(crate) fn properties(endpoint: &str) -> BTreeMap<String, String> {
        [
            ("aws.s3.endpoint", endpoint),
            ("aws.s3.access_key", ACCESS_KEY),
            ("aws.s3.secret_key", SECRET_KEY),
            ("aws.s3.region", REGION),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It reads its input to know when to end.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// What the server's process does.
pub(crate) fn serve(root: &Path) -> Fallible<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut builder = S3ServiceBuilder::new(FileSystem::new(root).map_err(|e| format!("{e:?}"))?);
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let service = builder.build();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    println!("http://{}", listener.local_addr()?);
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Answers of several writes would wait for each other's confirmation.
            let _ = stream.set_nodelay(true);
            let service = service.clone();
            tokio::spawn(async move {
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    runtime.shutdown_background();
    Ok(())
}
