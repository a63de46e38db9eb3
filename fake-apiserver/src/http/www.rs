//! The demo page: files of one directory.

use std::path::{Component, Path, PathBuf};

use axum::body::Body;
use axum::http::{Response, StatusCode, header};

use crate::model::percent_decode;

/// A file of the directory, or 404.
pub(super) async fn file(root: &Path, path: &str) -> Response<Body> {
    let Some(mut file) = resolve(root, path) else {
        return not_found();
    };
    if tokio::fs::metadata(&file)
        .await
        .is_ok_and(|found| found.is_dir())
    {
        file.push("index.html");
    }
    // A link inside the directory must not lead out of it.
    let inside = match (
        tokio::fs::canonicalize(&file).await,
        tokio::fs::canonicalize(root).await,
    ) {
        (Ok(file), Ok(root)) => file.starts_with(root),
        _ => false,
    };
    match tokio::fs::read(&file).await {
        Ok(bytes) if inside => Response::builder()
            .header(header::CONTENT_TYPE, media_type(&file))
            .header(header::CACHE_CONTROL, "no-store")
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .body(Body::from(bytes))
            .unwrap_or_else(|_| not_found()),
        _ => not_found(),
    }
}

/// The file that a path names, if it stays inside the directory.
fn resolve(root: &Path, path: &str) -> Option<PathBuf> {
    let decoded = percent_decode(path);
    let relative = Path::new(decoded.trim_start_matches('/'));
    let plain = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    (plain && !decoded.contains(['\\', '\0'])).then(|| root.join(relative))
}

fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn not_found() -> Response<Body> {
    let mut response = Response::new(Body::from("404 page not found\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        let root = Path::new("/srv/www");
        assert_eq!(resolve(root, "/"), Some(root.join("")));
        assert_eq!(resolve(root, "/a/b.js"), Some(root.join("a/b.js")));
        for path in [
            "/../etc/passwd",
            "/a/../../b",
            "/%2e%2e/b",
            "/..%2fb",
            "/a%5c..%5cb",
            "/a%00",
        ] {
            assert_eq!(resolve(root, path), None, "{path}");
        }
    }

    #[test]
    fn wasm_is_served_as_wasm() {
        assert_eq!(media_type(Path::new("a.wasm")), "application/wasm");
    }
}
