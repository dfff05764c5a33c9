//! Servers of this process on loopback: what stores in a network are tested against.

mod gcs;
mod web;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use cairn_repository::{Disk, Result, Store, StoreProvider, SystemStores};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub(crate) use gcs::Gcs;
pub(crate) use web::{Ranges, WebServer};

const ACCESS_KEY: &str = "AKIACAIRN";
pub(crate) const SECRET_KEY: &str = "s3cr3t/k3y";
pub(crate) const BUCKET: &str = "bucket";

/// Serves every connection to a free port, as long as the runtime lives.
fn serve<S, B>(runtime: &Runtime, service: S) -> SocketAddr
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    address
}

/// A server that takes every connection and answers nothing, as one that hangs does.
pub(crate) fn silent(runtime: &Runtime) -> String {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move {
        let mut taken = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            taken.push(stream);
        }
    });
    format!("http://{address}")
}

/// A server that answers everything with this status and body, and how often it was asked.
pub(crate) fn refusing(runtime: &Runtime, status: u16, body: &'static str) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let service = service_fn(move |_: Request<Incoming>| {
        count.fetch_add(1, Ordering::SeqCst);
        async move { Ok::<_, Infallible>(answer(status, &[], body)) }
    });
    (format!("http://{}", serve(runtime, service)), asked)
}

/// Opens a store, with no patience for servers that do not answer.
pub(crate) fn open(runtime: &Runtime, location: &str, properties: &[(&str, &str)]) -> Result<Store> {
    let mut all: BTreeMap<_, _> =
        properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    for (name, value) in [("max_retries", "2"), ("retry_timeout", "2s"), ("request_timeout", "20s")] {
        all.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    SystemStores::new(runtime.handle().clone(), Disk::system()).open(location, &all)
}

/// An S3 server whose buckets are folders of `root`. It checks and then writes, so racing puts may both win.
pub(crate) fn s3(runtime: &Runtime, root: &Path, prefix: &str) -> Store {
    s3_at(runtime, &s3_endpoint(runtime, root), BUCKET, prefix)
}

/// Starts such a server.
pub(crate) fn s3_endpoint(runtime: &Runtime, root: &Path) -> String {
    std::fs::create_dir_all(root.join(BUCKET)).unwrap();
    let mut builder = S3ServiceBuilder::new(FileSystem::new(root).unwrap());
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    format!("http://{}", serve(runtime, builder.build()))
}

/// A prefix of a bucket of a server that runs already.
pub(crate) fn s3_at(runtime: &Runtime, endpoint: &str, bucket: &str, prefix: &str) -> Store {
    let properties = [
        ("aws.s3.endpoint", endpoint),
        ("aws.s3.access_key", ACCESS_KEY),
        ("aws.s3.secret_key", SECRET_KEY),
        ("aws.s3.region", "us-east-1"),
    ];
    open(runtime, &format!("s3://{bucket}/{prefix}"), &properties).unwrap()
}

/// The key that every Azurite has.
const AZURITE_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

pub(crate) fn azurite_at(runtime: &Runtime, endpoint: &str, container: &str, prefix: &str) -> Store {
    let location = format!("wasb://{container}@devstoreaccount1.blob.core.windows.net/{prefix}");
    let properties = [("azure.blob.endpoint", endpoint), ("azure.blob.shared_key", AZURITE_KEY)];
    open(runtime, &location, &properties).unwrap()
}

fn answer(status: u16, headers: &[(&str, String)], body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(Full::new(body.into())).unwrap()
}

/// What a request wants of an object.
enum Wanted {
    All,
    Part(usize, usize),
    Nothing,
}

/// Reads `bytes=from-to` of a request, for an object of `length` bytes.
fn wanted(request: &Request<Incoming>, length: usize) -> Wanted {
    let text = request.headers().get("range").map(|value| value.to_str().unwrap());
    let Some((from, to)) = text.and_then(|text| text.strip_prefix("bytes=")?.split_once('-')) else {
        return Wanted::All;
    };
    let from: usize = from.parse().unwrap();
    let to = to.parse::<usize>().map_or(length, |to| (to + 1).min(length));
    if from < length { Wanted::Part(from, to) } else { Wanted::Nothing }
}

/// The whole of an object or the part that is asked for.
fn content(
    request: &Request<Incoming>,
    mut headers: Vec<(&'static str, String)>,
    body: &Bytes,
) -> Response<Full<Bytes>> {
    match wanted(request, body.len()) {
        Wanted::All => answer(200, &headers, body.clone()),
        Wanted::Nothing => answer(416, &headers, Bytes::new()),
        Wanted::Part(from, to) => {
            headers.push(("content-range", format!("bytes {from}-{}/{}", to - 1, body.len())));
            answer(206, &headers, body.slice(from..to))
        }
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = (*first == b'%').then(|| std::str::from_utf8(&tail[..2]).unwrap());
        if let Some(hex) = escaped {
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap()
}
