//! Folders of HTTP and `WebDAV` servers.

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use object_store::http::{HttpBuilder, HttpStore};
use object_store::{ClientOptions, HeaderMap, HeaderValue};

use super::Wanted;
use crate::error::{Error, Result as OurResult};
use crate::store::settings::Setting;

pub(super) fn connect(wanted: &Wanted<'_>) -> OurResult<HttpStore> {
    let settings = wanted.settings;
    let url = wanted
        .location
        .http_server()
        .ok_or_else(|| Error::invalid(format!("location '{}' is no URL", wanted.location)))?;
    let mut options = wanted.client_options(url.scheme() == "http")?;
    if let Some(user) = settings.text(Setting::User) {
        let password = settings.text(Setting::Password).unwrap_or("");
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        let mut value = HeaderValue::from_str(&basic)
            .map_err(|_| settings.wrong(Setting::Password, "give one without line ends"))?;
        value.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert("authorization", value);
        options = options.with_default_headers(headers);
    }
    HttpBuilder::new()
        .with_url(url.as_str())
        .with_http_connector(Connector)
        .with_client_options(options)
        .with_retry(wanted.retry()?)
        .build()
        .map_err(|source| wanted.failed(source))
}

/// Makes clients for servers that may not know every method.
#[derive(Debug)]
struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Service(ReqwestConnector::default().connect(options)?)))
    }
}

#[derive(Debug)]
struct Service(HttpClient);

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut response = self.0.execute(request).await?;
        // A method that is not implemented is none the next time either, but whatever begins with a 5 is sent again.
        if response.status().as_u16() == 501
            && let Ok(not_allowed) = 405_u16.try_into()
        {
            *response.status_mut() = not_allowed;
        }
        Ok(response)
    }
}
