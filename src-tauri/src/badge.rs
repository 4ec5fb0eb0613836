//! The tray icon's mark where something waits for a person: a dot at the lower right, its rim cut out of the icon.

/// `rgba`: four bytes a pixel, row by row. Gives back a marked copy.
pub fn mark(rgba: &[u8], width: u32, height: u32) -> Vec<u8> {
    const DOT: [u8; 4] = [0xe5, 0x8a, 0x00, 0xff];
    let mut marked = rgba.to_vec();
    let size = f64::from(width.min(height));
    let (radius, rim) = (size * 0.26, size * 0.34);
    let (x0, y0) = (f64::from(width) - rim, f64::from(height) - rim);
    for (place, pixel) in marked.chunks_exact_mut(4).enumerate() {
        let (x, y) = (place as u32 % width, place as u32 / width);
        let away = (f64::from(x) + 0.5 - x0).hypot(f64::from(y) + 0.5 - y0);
        if away <= radius {
            pixel.copy_from_slice(&DOT);
        } else if away <= rim {
            pixel.fill(0);
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_is_put_at_the_lower_right_and_nothing_else_changes() {
        let plain = vec![7_u8; 32 * 32 * 4];
        let marked = mark(&plain, 32, 32);
        let pixel = |x: usize, y: usize| &marked[(y * 32 + x) * 4..][..4];
        assert_eq!(pixel(21, 21), [0xe5, 0x8a, 0x00, 0xff]);
        assert_eq!(pixel(21, 11), [0; 4], "the rim");
        assert_eq!(pixel(0, 0), [7; 4]);
        assert_eq!(pixel(31, 0), [7; 4]);
        assert_eq!(marked.len(), plain.len());
    }
}
