import Support

/// NIfTI-1 files.
public enum NIfTI {
    public static func read(_ path: String) throws -> Volume { throw FileError.missing(path: path) }
    public static func write(_ volume: Volume, to path: String) throws {}
    public static func write(_ mask: Mask, to path: String) throws { try write(mask.volume, to: path) }
}
