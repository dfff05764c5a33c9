//! The part of Google Cloud Storage's XML interface that stores use, kept in memory.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use cairn_repository::Store;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use tokio::runtime::Runtime;

use super::{answer, content, decoded, open, serve};

const BUCKET: &str = "bucket";
const MODIFIED: &str = "Mon, 23 Nov 2026 10:00:00 GMT";
/// Few enough that listings have pages.
const PAGE: usize = 3;

/// A server with one bucket.
#[derive(Clone, Default)]
pub(crate) struct Gcs {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    generation: u64,
    objects: BTreeMap<String, (u64, Bytes)>,
    uploads: BTreeMap<String, BTreeMap<u32, Bytes>>,
}

impl Gcs {
    pub(crate) fn start(runtime: &Runtime, prefix: &str) -> Store {
        let gcs = Self::default();
        let service = service_fn(move |request| {
            let gcs = gcs.clone();
            async move { Ok::<_, Infallible>(gcs.handle(request).await) }
        });
        let endpoint = format!("http://{}", serve(runtime, service));
        open(runtime, &format!("gs://{BUCKET}/{prefix}"), &[("gcp.gcs.endpoint", &endpoint)]).unwrap()
    }

    async fn handle(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = decoded(request.uri().path());
        let query: BTreeMap<String, String> = request
            .uri()
            .query()
            .unwrap_or("")
            .split('&')
            .filter_map(|pair| pair.split_once('=').or(Some((pair, ""))))
            .map(|(name, value)| (decoded(name), decoded(&value.replace('+', " "))))
            .collect();
        let key =
            path.trim_start_matches('/').strip_prefix(BUCKET).unwrap().trim_start_matches('/').to_owned();
        if key.is_empty() {
            return self.list(&query);
        }
        match (request.method().clone(), query.get("uploadId").cloned()) {
            (Method::GET | Method::HEAD, _) => self.get(&request, &key),
            (Method::PUT, None) => self.put(request, key).await,
            (Method::PUT, Some(upload)) => {
                let part: u32 = query["partNumber"].parse().unwrap();
                let body = request.collect().await.unwrap().to_bytes();
                match self.state.lock().unwrap().uploads.get_mut(&upload) {
                    Some(parts) => {
                        parts.insert(part, body);
                        answer(200, &[("etag", format!("\"{part}\""))], Bytes::new())
                    }
                    None => answer(404, &[], "no such upload"),
                }
            }
            (Method::POST, None) => {
                let state = &mut *self.state.lock().unwrap();
                state.generation += 1;
                let upload = format!("upload-{}", state.generation);
                state.uploads.insert(upload.clone(), BTreeMap::new());
                let xml = format!(
                    "<InitiateMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{key}</Key>\
                     <UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
                );
                answer(200, &[], xml)
            }
            (Method::POST, Some(upload)) => {
                let state = &mut *self.state.lock().unwrap();
                let Some(parts) = state.uploads.remove(&upload) else {
                    return answer(404, &[], "no such upload");
                };
                let whole: Vec<u8> = parts.into_values().flatten().collect();
                let generation = state.put(key, whole.into());
                let xml = "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>";
                answer(200, &[("x-goog-generation", generation.to_string())], xml)
            }
            (Method::DELETE, Some(upload)) => {
                self.state.lock().unwrap().uploads.remove(&upload);
                answer(204, &[], Bytes::new())
            }
            (Method::DELETE, None) => match self.state.lock().unwrap().objects.remove(&key) {
                Some(_) => answer(204, &[], Bytes::new()),
                None => answer(404, &[], "no such key"),
            },
            _ => answer(405, &[], Bytes::new()),
        }
    }

    async fn put(&self, request: Request<Incoming>, key: String) -> Response<Full<Bytes>> {
        let create = request.headers().get("x-goog-if-generation-match").is_some_and(|value| value == "0");
        let body = request.collect().await.unwrap().to_bytes();
        let state = &mut *self.state.lock().unwrap();
        if create && state.objects.contains_key(&key) {
            return answer(412, &[], "precondition failed");
        }
        let generation = state.put(key, body);
        answer(200, &headers(generation), Bytes::new())
    }

    fn get(&self, request: &Request<Incoming>, key: &str) -> Response<Full<Bytes>> {
        let state = self.state.lock().unwrap();
        let Some((generation, body)) = state.objects.get(key) else { return answer(404, &[], "no such key") };
        if request.method() == Method::HEAD {
            let mut headers = headers(*generation);
            headers.push(("content-length", body.len().to_string()));
            return answer(200, &headers, Bytes::new());
        }
        content(request, headers(*generation), body)
    }

    fn list(&self, query: &BTreeMap<String, String>) -> Response<Full<Bytes>> {
        let prefix = query.get("prefix").map_or("", String::as_str);
        let after = query.get("continuation-token").map_or("", String::as_str);
        let state = self.state.lock().unwrap();
        let matching =
            state.objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
        let found: Vec<_> = matching.collect();
        let mut xml = "<ListBucketResult>".to_owned();
        for (key, (generation, body)) in found.iter().take(PAGE) {
            write!(
                xml,
                "<Contents><Key>{key}</Key><LastModified>2026-11-23T10:00:00Z</LastModified>\
                 <ETag>\"{generation}\"</ETag><Size>{}</Size></Contents>",
                body.len()
            )
            .unwrap();
        }
        if found.len() > PAGE {
            write!(xml, "<NextContinuationToken>{}</NextContinuationToken>", found[PAGE - 1].0).unwrap();
        }
        xml.push_str("</ListBucketResult>");
        answer(200, &[], xml)
    }
}

impl State {
    fn put(&mut self, key: String, body: Bytes) -> u64 {
        self.generation += 1;
        self.objects.insert(key, (self.generation, body));
        self.generation
    }
}

fn headers(generation: u64) -> Vec<(&'static str, String)> {
    vec![
        ("etag", format!("\"{generation}\"")),
        ("last-modified", MODIFIED.to_owned()),
        ("x-goog-generation", generation.to_string()),
    ]
}
