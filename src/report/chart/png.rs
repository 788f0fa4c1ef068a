//! A chart as PNG: the picture of the SVG file, set in the font that comes with bks.

use ab_glyph::{Font, ScaleFont, point};
use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::{Color, RGBColor};

use super::layout::{self, Size};
use super::scene::{Anchor, Text};
use super::{Chart, paint, text};
use crate::error::{Error, Result};

/// Painted so many times larger and then made smaller, for smooth edges.
const FINER: u32 = 2;

/// Most pixels of a picture: what fits into a few hundred megabytes while it is painted.
const MAX_PIXELS: u64 = 40_000_000;

/// Draws a chart with `scale` pixels of the file for one of the layout. The same chart gives the same
/// bytes.
///
/// # Errors
/// If the picture would have too many pixels.
pub fn draw(chart: &Chart, size: Size, scale: u32) -> Result<Vec<u8>> {
    let scene = layout::scene(chart, size);
    let (width, height) = (scene.width * scale, scene.height * scale);
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Error::request(format!(
            "the picture would have {width} x {height} pixels, but at most {MAX_PIXELS} can be drawn"
        ))
        .hint("choose a smaller `--scale` or `--height`"));
    }
    let fine = (width * FINER, height * FINER);
    let mut pixels = vec![0; fine.0 as usize * fine.1 as usize * 3];
    {
        let mut backend = BitMapBackend::with_buffer(&mut pixels, fine);
        let unit = f64::from(scale * FINER);
        paint::paint(&scene, &mut backend, unit, |backend, text| set_text(backend, text, unit));
        backend
            .present()
            .map_err(|error| Error::run(format!("the PNG cannot be drawn: {error}")))?;
    }
    encode(&averaged(&pixels, fine), width, height)
}

/// Sets a text glyph by glyph.
fn set_text(backend: &mut BitMapBackend, text: &Text, unit: f64) {
    let font = text::face(text.bold);
    let font = font.as_scaled(text::scale(font, text.size * unit));
    let mut glyphs = Vec::new();
    let (mut x, mut previous) = (0.0, None);
    for id in text.text.chars().map(|c| font.glyph_id(c)) {
        x += previous.map_or(0.0, |last| font.kern(last, id));
        glyphs.push((id, x));
        x += font.h_advance(id);
        previous = Some(id);
    }
    let left = (text.x * unit) as f32
        - match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => x / 2.0,
            Anchor::End => x,
        };
    let baseline = (text.baseline * unit) as f32;
    let (width, height) = backend.get_size();
    for (id, x) in glyphs {
        let glyph = id.with_scale_and_position(font.scale(), point(left + x, baseline));
        let Some(outline) = font.outline_glyph(glyph) else { continue };
        let corner = outline.px_bounds().min;
        outline.draw(|dx, dy, coverage| {
            let at = (corner.x as i32 + dx as i32, corner.y as i32 + dy as i32);
            let inside = at.0 >= 0 && at.1 >= 0 && at.0 < width as i32 && at.1 < height as i32;
            if inside && coverage > 0.0 {
                let ink = RGBColor(text.colour.0, text.colour.1, text.colour.2);
                let ink = ink.mix(f64::from(coverage.min(1.0)));
                backend.draw_pixel(at, ink.to_backend_color()).expect("memory takes every pixel");
            }
        });
    }
}

/// Each pixel is the mean of those that were painted for it.
fn averaged(fine: &[u8], (width, height): (u32, u32)) -> Vec<u8> {
    let (width, finer) = (width as usize, FINER as usize);
    let mut out = Vec::with_capacity(fine.len() / finer / finer);
    for y in (0..height as usize).step_by(finer) {
        for x in (0..width).step_by(finer) {
            for channel in 0..3 {
                let block = (0..finer * finer).map(|i| (y + i / finer) * width + x + i % finer);
                let sum: u32 = block.map(|pixel| u32::from(fine[pixel * 3 + channel])).sum();
                out.push(((sum + FINER * FINER / 2) / (FINER * FINER)) as u8);
            }
        }
    }
    out
}

fn encode(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    let failed =
        |error: png::EncodingError| Error::run(format!("the PNG cannot be written: {error}"));
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(out)
}
