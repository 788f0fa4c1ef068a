//! A chart as PNG: the picture of the SVG file, set in the font that comes with bks.

use std::f64::consts::TAU;

use ab_glyph::{Font as _, ScaleFont, point};
use ab_glyph_rasterizer::Rasterizer;

use super::Chart;
use super::colours::Colour;
use super::layout::{self, Size};
use super::scene::{Anchor, Point, Shape, TextLine};
use crate::error::{Error, Result};

/// Most pixels of a picture: what fits into a few hundred megabytes while it is painted.
const MAX_PIXELS: u64 = 40_000_000;

/// Corners of what is painted in the place of a circle.
const ROUND: u32 = 24;

/// Draws a chart with `scale` pixels of the file for one of the layout.
pub(super) fn draw(chart: &Chart, size: Size, scale: u32) -> Result<Vec<u8>> {
    let scene = layout::scene(chart, size);
    let (width, height) = (scene.width * scale, scene.height * scale);
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Error::request(format!(
            "the picture would have {width} x {height} pixels, but at most {MAX_PIXELS} can be drawn"
        ))
        .hint("choose a smaller `--scale` or `--height`"));
    }
    let pixels = vec![0; width as usize * height as usize * 3];
    let mut canvas = Canvas { width, height, unit: f64::from(scale), pixels };
    scene.shapes.iter().for_each(|shape| canvas.paint(shape));
    encode(&canvas.pixels, width, height)
        .map_err(|error| Error::run(format!("the PNG cannot be written: {error}")))
}

/// Pixels of red, green and blue, `unit` of them for one of the layout.
struct Canvas {
    width: u32,
    height: u32,
    unit: f64,
    pixels: Vec<u8>,
}

impl Canvas {
    fn paint(&mut self, shape: &Shape) {
        match shape {
            Shape::Rect { area, colour, opacity } => {
                let corners = [
                    (area.left, area.top),
                    (area.right, area.top),
                    (area.right, area.bottom),
                    (area.left, area.bottom),
                ];
                self.fill(&corners, *colour, *opacity);
            }
            Shape::Line { points, colour, width } => self.stroke(points, *colour, *width),
            Shape::Polygon { points, colour, opacity } => self.fill(points, *colour, *opacity),
            Shape::Circle { centre, radius, colour } => self.disc(*centre, *radius, *colour),
            Shape::Text(text) => self.text(text),
        }
    }

    /// Fills a polygon with smooth edges.
    fn fill(&mut self, corners: &[Point], colour: Colour, opacity: f64) {
        let corners: Vec<(f32, f32)> =
            corners.iter().map(|(x, y)| ((x * self.unit) as f32, (y * self.unit) as f32)).collect();
        let left = corners.iter().map(|at| at.0).fold(f32::INFINITY, f32::min).floor();
        let top = corners.iter().map(|at| at.1).fold(f32::INFINITY, f32::min).floor();
        let right = corners.iter().map(|at| at.0).fold(left, f32::max).ceil() + 1.0;
        let bottom = corners.iter().map(|at| at.1).fold(top, f32::max).ceil() + 1.0;
        if corners.is_empty() {
            return;
        }
        let mut raster = Rasterizer::new((right - left) as usize, (bottom - top) as usize);
        for (i, (x, y)) in corners.iter().enumerate() {
            let (next_x, next_y) = corners[(i + 1) % corners.len()];
            raster.draw_line(
                ab_glyph_rasterizer::point(x - left, y - top),
                ab_glyph_rasterizer::point(next_x - left, next_y - top),
            );
        }
        raster.for_each_pixel_2d(|x, y, cover| {
            let at = (left as i64 + i64::from(x), top as i64 + i64::from(y));
            self.blend(at, colour, f64::from(cover.min(1.0)) * opacity);
        });
    }

    /// A line, with round corners between its parts.
    fn stroke(&mut self, points: &[Point], colour: Colour, width: f64) {
        // One pixel of the file at the least.
        let half = width.max(1.0 / self.unit) / 2.0;
        for pair in points.windows(2) {
            let [(x0, y0), (x1, y1)] = [pair[0], pair[1]];
            let length = (x1 - x0).hypot(y1 - y0);
            if length > 0.0 {
                let (dx, dy) = ((y1 - y0) / length * half, (x0 - x1) / length * half);
                let corners = [
                    (x0 + dx, y0 + dy),
                    (x1 + dx, y1 + dy),
                    (x1 - dx, y1 - dy),
                    (x0 - dx, y0 - dy),
                ];
                self.fill(&corners, colour, 1.0);
            }
        }
        for corner in points.iter().skip(1).rev().skip(1) {
            self.disc(*corner, half, colour);
        }
    }

    fn disc(&mut self, (x, y): Point, radius: f64, colour: Colour) {
        let angles = (0..ROUND).map(|i| f64::from(i) / f64::from(ROUND) * TAU);
        let corners: Vec<Point> = angles
            .map(|angle| (x + radius * libm::cos(angle), y + radius * libm::sin(angle)))
            .collect();
        self.fill(&corners, colour, 1.0);
    }

    /// Sets a text glyph by glyph.
    fn text(&mut self, text: &TextLine) {
        let face = text.font.face().as_scaled(text.font.scale(self.unit));
        let mut glyphs = Vec::new();
        let (mut width, mut previous) = (0.0, None);
        for id in text.text.chars().map(|c| face.glyph_id(c)) {
            width += previous.map_or(0.0, |last| face.kern(last, id));
            glyphs.push((id, width));
            width += face.h_advance(id);
            previous = Some(id);
        }
        let left = (text.at.0 * self.unit) as f32
            - match text.anchor {
                Anchor::Start => 0.0,
                Anchor::Middle => width / 2.0,
                Anchor::End => width,
            };
        let baseline = (text.at.1 * self.unit) as f32;
        for (id, x) in glyphs {
            let glyph = id.with_scale_and_position(face.scale(), point(left + x, baseline));
            let Some(outline) = face.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, cover| {
                let at = (corner.x as i64 + i64::from(x), corner.y as i64 + i64::from(y));
                self.blend(at, text.font.colour, f64::from(cover.min(1.0)));
            });
        }
    }

    /// Mixes a colour into a pixel, if it is one of the picture's.
    fn blend(&mut self, (x, y): (i64, i64), colour: Colour, share: f64) {
        let inside =
            (0..i64::from(self.width)).contains(&x) && (0..i64::from(self.height)).contains(&y);
        if !inside || share <= 0.0 {
            return;
        }
        let first = (y as usize * self.width as usize + x as usize) * 3;
        for (pixel, ink) in
            self.pixels[first..first + 3].iter_mut().zip([colour.0, colour.1, colour.2])
        {
            let (below, ink) = (f64::from(*pixel), f64::from(ink));
            *pixel = (below + (ink - below) * share).round() as u8;
        }
    }
}

fn encode(
    pixels: &[u8],
    width: u32,
    height: u32,
) -> std::result::Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.add_text_chunk(
        "Software".to_owned(),
        concat!("bks ", env!("CARGO_PKG_VERSION")).to_owned(),
    )?;
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(out)
}
