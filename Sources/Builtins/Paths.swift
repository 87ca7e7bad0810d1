import Runtime
import Support

extension Catalog {
    static let paths: [Builtin] = [
        Builtin(
            "glob", "The files and folders that a pattern names, sorted.", theme: .files,
            details: "`*` stands for any part of one name, `?` for one letter, `[ab]` for one of several; none of them for a slash.",
            Param<String>("pattern", "as \"scans/sub-*/anat/*_T1w.nii.gz\"; `~/` is the home folder"),
            returns: "a list of paths; empty where nothing has such a name",
            examples: [Example("make_folder(\"scans/b\")\nmake_folder(\"scans/a\")\nglob(\"scans/[ab]\")", "[\"scans/a\", \"scans/b\"]")]
        ) { context, pattern in try FileSystem.glob(context.path(pattern)) },

        Builtin(
            "is_folder", "Whether there is a folder of a name.", theme: .files,
            Param<String>("path", "the folder"),
            returns: "true or false", examples: [Example("make_folder(\"results\")\nis_folder(\"results\")", "true")]
        ) { context, path in try FileSystem.isFolder(context.path(path)) },

        Builtin(
            "basename", "The last part of a path.", theme: .files,
            Param<String>("path", "the path; nothing is looked up"),
            returns: "a string", examples: [Example("basename(\"scans/sub-01/t1.nii.gz\")", "\"t1.nii.gz\"")]
        ) { _, path in PathName.base(path) },

        Builtin(
            "dirname", "The folder of a path.", theme: .files,
            Param<String>("path", "the path; nothing is looked up"),
            returns: "a string; \".\" where the path names no folder",
            examples: [Example("dirname(\"scans/sub-01/t1.nii.gz\")", "\"scans/sub-01\""), Example("dirname(\"t1.nii\")", "\".\"")]
        ) { _, path in PathName.folder(path) },

        Builtin(
            "stem", "The last part of a path without its ending; `.nii.gz` and the like are one ending.", theme: .files,
            Param<String>("path", "the path; nothing is looked up"),
            returns: "a string", examples: [Example("stem(\"scans/sub-01_T1w.nii.gz\")", "\"sub-01_T1w\"")]
        ) { _, path in PathName.stem(path) },

        Builtin(
            "join_path", "One path from its parts.", theme: .files,
            Param<Rest<String>>("parts", "folders and a name; one that begins with a slash starts anew"),
            returns: "a string", examples: [Example("join_path(\"out\", \"masks/\", \"sub-01.nii.gz\")", "\"out/masks/sub-01.nii.gz\"")]
        ) { _, parts in PathName.join(parts.items) },

        Builtin(
            "read_text", "The text of a file.", theme: .files,
            Param<String>("path", "a file in UTF-8"),
            returns: "a string",
            examples: [Example("save(\"one\\ntwo\\n\", \"words.txt\")\nlines(read_text(\"words.txt\"))", "[\"one\", \"two\"]")]
        ) { context, path -> String in try TextFile.read(context.path(path)) },

        Builtin(
            "read_json", "The value that a file of JSON stands for.", theme: .files,
            Param<String>("path", "the file"),
            returns: "a value; objects become records, null none",
            examples: [Example("save({id: \"a\", dice: [0.5, 1]}, \"result.json\")\nread_json(\"result.json\")", "{id: \"a\", dice: [0.5, 1]}")]
        ) { context, path -> Value in
            let path = try context.path(path)
            return try JSONText.read(Array(try TextFile.read(path).utf8), name: "\"\(path)\"")
        },
    ]
}

/// Files of text.
enum TextFile {
    /// Throws `FileError` for a file that cannot be read, is too large for a string or is not UTF-8.
    static func read(_ path: String) throws -> String {
        let file = try MappedFile(path)
        guard file.bytes.count <= Operators.longestString else {
            throw FileError.cannotRead(path: path, reason: "\(Text.bytes(file.bytes.count)) are more than a string may have")
        }
        let text = withExtendedLifetime(file) { String(validating: file.bytes, as: UTF8.self) }
        guard let text else { throw FileError.cannotRead(path: path, reason: "it is not text in UTF-8") }
        return text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
    }
}
