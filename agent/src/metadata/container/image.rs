// SPDX-License-Identifier: Apache-2.0
//! Names of images.

/// The parts of `[registry[:port]/]path[:tag][@digest]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    /// The registry and the path, as they were named.
    pub repository: &'a str,
    /// The tag.
    pub tag: Option<&'a str>,
    /// The digest: `sha256:..`.
    pub digest: Option<&'a str>,
}

impl<'a> Image<'a> {
    /// Takes a name apart. A bare digest or image id names no repository.
    #[must_use]
    pub fn parse(name: &'a str) -> Option<Self> {
        let (rest, digest) = match name.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest).filter(|digest| !digest.is_empty())),
            None => (name, None),
        };
        if rest.is_empty() || is_id(rest) {
            return None;
        }
        // A colon in front of a slash is a registry's port.
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag).filter(|tag| !tag.is_empty())),
            _ => (rest, None),
        };
        (!repository.is_empty()).then_some(Self { repository, tag, digest })
    }
}

/// Whether `name` is an image's id rather than a name.
fn is_id(name: &str) -> bool {
    name.starts_with("sha256:") || (name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Image;

    #[test]
    fn names_have_parts() {
        for (name, repository, tag, digest) in [
            ("nginx", "nginx", None, None),
            ("nginx:1.27", "nginx", Some("1.27"), None),
            ("library/nginx", "library/nginx", None, None),
            ("registry:5000/a/b", "registry:5000/a/b", None, None),
            ("registry:5000/a/b:tag", "registry:5000/a/b", Some("tag"), None),
            ("registry:5000/a/b@sha256:ab", "registry:5000/a/b", None, Some("sha256:ab")),
            ("registry:5000/a/b:tag@sha256:ab", "registry:5000/a/b", Some("tag"), Some("sha256:ab")),
            ("[::1]:5000/a:tag", "[::1]:5000/a", Some("tag"), None),
            ("localhost/a", "localhost/a", None, None),
            ("a:", "a", None, None),
            ("a@", "a", None, None),
        ] {
            assert_eq!(Image::parse(name), Some(Image { repository, tag, digest }), "{name}");
        }
        let id = "ab".repeat(32);
        for name in ["", ":tag", "@sha256:ab", &id, &format!("sha256:{id}")] {
            assert_eq!(Image::parse(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_name(name in "[a-z0-9:/@.]{0,40}") {
            if let Some(image) = Image::parse(&name) {
                prop_assert!(name.starts_with(image.repository));
            }
        }
    }
}
