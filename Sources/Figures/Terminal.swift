extension Figure {
    /// The picture in 24-bit half blocks, at most `columns` characters wide and `rows` lines high; colours are reset at each line's end.
    public func terminal(columns: Int, rows: Int) -> String { "" }
}
extension Figure {
    /// The picture as the bytes of a PNG file.
    public func png() throws -> [UInt8] { [] }
}
