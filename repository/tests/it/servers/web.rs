//! A folder as an HTTP server shows it, read only, with `WebDAV`'s listing.

use std::convert::Infallible;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use tokio::runtime::Runtime;

use super::{answer, content, decoded, serve};
use crate::support::tree;

const MODIFIED: &str = "Mon, 23 Nov 2026 10:00:00 GMT";

/// Whether a server knows what a range is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ranges {
    Known,
    Ignored,
}

pub(crate) struct WebServer {
    root: PathBuf,
    ranges: Ranges,
    /// What a request has to say about who it is from.
    authorization: Option<String>,
}

impl WebServer {
    /// The URL of `root`.
    pub(crate) fn start(
        runtime: &Runtime,
        root: &Path,
        ranges: Ranges,
        authorization: Option<&str>,
    ) -> String {
        let authorization = authorization.map(str::to_owned);
        let server = Arc::new(Self { root: root.to_owned(), ranges, authorization });
        let service = service_fn(move |request| {
            let server = Arc::clone(&server);
            async move { Ok::<_, Infallible>(server.handle(&request)) }
        });
        format!("http://{}/shared/backups", serve(runtime, service))
    }

    fn handle(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let given = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if given != self.authorization.as_deref() {
            return answer(401, &[], "who are you");
        }
        let path = decoded(request.uri().path());
        let Some(key) = path.strip_prefix("/shared/backups").map(|key| key.trim_matches('/')) else {
            return answer(404, &[], Bytes::new());
        };
        match request.method().as_str() {
            "PROPFIND" => self.list(key),
            "GET" | "HEAD" => match std::fs::read(self.root.join(key)) {
                Ok(body) => {
                    let headers = vec![
                        ("last-modified", MODIFIED.to_owned()),
                        ("content-length", body.len().to_string()),
                    ];
                    match (request.method().as_str(), self.ranges) {
                        ("HEAD", _) => answer(200, &headers, Bytes::new()),
                        (_, Ranges::Ignored) => answer(200, &headers[..1], body),
                        (_, Ranges::Known) => content(request, headers[..1].to_vec(), &body.into()),
                    }
                }
                Err(_) => answer(404, &[], Bytes::new()),
            },
            _ => answer(405, &[], "this server is for reading"),
        }
    }

    fn list(&self, folder: &str) -> Response<Full<Bytes>> {
        if !self.root.join(folder).is_dir() {
            return answer(404, &[], Bytes::new());
        }
        let mut xml = "<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\">".to_owned();
        for key in tree(&self.root.join(folder)) {
            let key = if folder.is_empty() { key } else { format!("{folder}/{key}") };
            let length = std::fs::metadata(self.root.join(&key)).unwrap().len();
            let href = key.replace('=', "%3D");
            write!(
                xml,
                "<D:response><D:href>/shared/backups/{href}</D:href><D:propstat><D:prop>\
                 <D:getlastmodified>{MODIFIED}</D:getlastmodified><D:getcontentlength>{length}</D:getcontentlength>\
                 <D:resourcetype/></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
            )
            .unwrap();
        }
        xml.push_str("</D:multistatus>");
        answer(207, &[("content-type", "application/xml".to_owned())], xml)
    }
}
