//! What an icon's bytes are, whatever its name and its server say.

use imagesize::ImageType;

/// How far the root element of a drawing is looked for, in bytes.
const MAX_PROLOGUE: usize = 64 * 1024;

/// The image type, and width and height in pixels if the bytes say so; none when they are no image known here.
pub(super) fn sniff(bytes: &[u8]) -> Option<(&'static str, Option<(u32, u32)>)> {
    let format = match imagesize::image_type(bytes) {
        Ok(ImageType::Png) => "png",
        Ok(ImageType::Jpeg) => "jpeg",
        Ok(ImageType::Gif) => "gif",
        Ok(ImageType::Webp) => "webp",
        Ok(ImageType::Ico) => "ico",
        _ => return svg(bytes).map(|size| ("svg", size)),
    };
    let size = imagesize::blob_size(bytes).ok();
    let size = size.and_then(|size| Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?)));
    Some((format, size))
}

/// The size of an SVG drawing, by its root element alone: `width` and `height`, or else its `viewBox`. The outer option says
/// whether it is one.
fn svg(bytes: &[u8]) -> Option<Option<(u32, u32)>> {
    let bytes = bytes.get(..MAX_PROLOGUE).unwrap_or(bytes);
    // A cut inside a character does not matter: what is broken is behind the root element or makes this no drawing.
    let text = String::from_utf8_lossy(bytes);
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = if rest.starts_with("<?") {
            "?>"
        } else if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<!") {
            // A document type may hold declarations of its own in brackets.
            if rest.find('[').is_some_and(|bracket| rest.find('>').is_some_and(|end| bracket < end)) {
                "]>"
            } else {
                ">"
            }
        } else {
            break;
        };
        rest = rest.split_once(end)?.1.trim_start();
    }
    let tag = rest.strip_prefix('<')?;
    let name_end = tag.find(|c: char| c.is_whitespace() || c == '>' || c == '/')?;
    let (name, attributes) = tag.split_at_checked(name_end)?;
    if name.rsplit(':').next() != Some("svg") {
        return None;
    }
    let (mut width, mut height, mut view) = (None, None, None);
    for (name, value) in Attributes(attributes) {
        match name {
            "width" => width = pixels(value),
            "height" => height = pixels(value),
            "viewBox" => {
                let mut numbers = value.split([' ', ',', '\t', '\n', '\r']).filter(|part| !part.is_empty()).skip(2);
                view = numbers.next().and_then(pixels).zip(numbers.next().and_then(pixels));
            }
            _ => {}
        }
    }
    Some(width.zip(height).or(view))
}

/// A length in pixels; other units depend on where the drawing is shown.
fn pixels(value: &str) -> Option<u32> {
    let number: f64 = value.trim().trim_end_matches("px").parse().ok()?;
    // `as` saturates, and an icon of four milliards of pixels is too large either way.
    (number.is_finite() && number > 0.0).then_some(number.ceil() as u32)
}

/// The attributes up to the end of a tag.
struct Attributes<'a>(&'a str);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_start();
        if rest.starts_with(['>', '/']) {
            return None;
        }
        let (name, rest) = rest.split_once('=')?;
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, rest) = rest.get(1..)?.split_once(quote)?;
        self.0 = rest;
        Some((name.trim(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::sniff;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 6, 0, 0, 0]);
        bytes
    }

    #[test]
    fn pictures_are_told_by_their_bytes() {
        assert_eq!(sniff(&png(513, 512)), Some(("png", Some((513, 512)))));
        assert_eq!(sniff(b"GIF89a\x10\0\x20\0\0\0\0"), Some(("gif", Some((16, 32)))));
        assert_eq!(sniff(b"\0\0\x01\0\x01\0\x20\x20\0\0\x01\0\x20\0\0\0\0\0\x16\0\0\0"), Some(("ico", Some((32, 32)))));
    }

    #[test]
    fn a_picture_that_is_cut_off_has_a_type_and_no_size() {
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n\0\0\0\rIH"), Some(("png", None)));
    }

    #[test]
    fn drawings_are_told_by_their_root() {
        for (text, size) in [
            ("<svg width='24' height=\"24px\"/>", Some((24, 24))),
            ("\u{feff}<?xml version=\"1.0\"?>\n<!-- a > b -->\n<svg viewBox=\"0 0 16 8\" xmlns='x'>", Some((16, 8))),
            ("<!DOCTYPE svg [<!ENTITY a \"b>\">]><svg:svg width=\"1e9\" height=\"2\">", Some((1_000_000_000, 2))),
            ("<svg width='100%' height='100%'>", None),
            ("<svg width='100%' height='100%' viewBox='0,0,10.5,20'>", Some((11, 20))),
            ("<svg>", None),
        ] {
            assert_eq!(sniff(text.as_bytes()), Some(("svg", size)), "{text}");
        }
    }

    #[test]
    fn pages_and_noise_are_no_images() {
        let nested = "<!--".repeat(50_000);
        for text in
            ["", "<", "<html><svg width='1'>", "<svgx>", "<svg", "<!DOCTYPE html><html>", "{}", "BM", nested.as_str()]
        {
            assert_eq!(sniff(text.as_bytes()), None);
        }
        assert_eq!(sniff(&[0xff; 100]), None);
    }
}
