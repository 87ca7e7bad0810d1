import Glibc

/// Files for transcripts that no builtin writes: damaged ones, and ones of kinds that are not read.
enum OddFiles {
    /// Names and bytes.
    static func all() -> [(name: String, bytes: [UInt8])] {
        let whole = bytes("float32.nii"), compressed = bytes("four.nii.gz"), mgh = bytes("float32.mgh")
        func image(_ changes: (offset: Int, bytes: [UInt8])...) -> [UInt8] {
            changes.reduce(into: whole) { $0.replaceSubrange($1.offset..<($1.offset + $1.bytes.count), with: $1.bytes) }
        }
        // Offsets of NIfTI-1's header: dim at 40, datatype at 70, magic at 344.
        return [
            ("empty.nii", []), ("text.nii", Array(String(repeating: "This is no image, whatever its name says. ", count: 20).utf8)),
            ("magic.nii", image((344, Array("n7+\0".utf8)))), ("type.nii", image((70, [1, 0]))), ("field.nii", image((40, [9, 0]))),
            ("cut.nii", Array(whole.dropLast(10))), ("huge.nii", image((42, [0xFF, 0x7F, 0xFF, 0x7F, 0xFF, 0x7F]))),
            ("cut.nii.gz", Array(compressed.dropLast(compressed.count / 2))), ("half.hdr", image((344, Array("ni1\0".utf8)))),
            ("bzip2.nrrd", Array("NRRD0004\ntype: float\ndimension: 3\nsizes: 2 2 2\nencoding: bzip2\n\n".utf8)),
            ("space.nrrd", Array("NRRD0004\ntype: float\ndimension: 3\nsizes: 2 2 2\nspace: scanner-xyz-time\nencoding: raw\nendian: little\n\n".utf8)),
            ("short.nrrd", Array("NRRD0004\ntype: float\ndimension: 3\nsizes: 2 2\nencoding: raw\nendian: little\n\n".utf8)),
            ("few.nrrd", Array("NRRD0004\ntype: uchar\ndimension: 3\nsizes: 9 9 9\nencoding: ascii\n\n1 2\n".utf8)),
            ("run.training.safetensors", [255, 255, 0]), ("other.safetensors", [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)), ("cut.mgh", Array(mgh.prefix(300))), ("few.nii", Array(whole.prefix(300))), ("nan.nii", image((80, [0, 0, 0xC0, 0x7F]))), ("hdf5.tfm", [0x89] + Array("HDF\r\n\u{1A}\n".utf8)),
            ("words.tfm", Array("0 1 2 and no transform".utf8)), ("empty.tfm", []), ("words.xfm", Array("MNI Transform File\n".utf8)),
            ("net.safetensors", [8, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\": 1}".utf8)), ("cut.safetensors", [255, 255, 0]),
            ("empty.csv", []), ("noname.csv", Array("id,,age\n1,2,3\n".utf8)), ("same.csv", Array("id,age,id\n1,2,3\n".utf8)),
            ("length.csv", Array("id,age\n1,2\n\n3\n".utf8)), ("quote.csv", Array("id,note\n1,\"two\n3,four\n".utf8)),
            ("crlf.csv", Array("id,age\r\n01,31\r\n02,n/a\r\n".utf8)),
            ("quoted.csv", Array("\"the id\",\"a \"\"note\"\"\"\n1,\"x, \"\"y\"\"\nz\"\n".utf8)),
            ("latin1.csv", Array("id,name\n1,Andr".utf8) + [0xE9, 10]), ("bom.csv", Array("\u{FEFF}id,age\n1,31\n".utf8)),
            ("head.csv", Array("id,age\n".utf8)),
            ("deep.json", Array(repeating: UInt8(ascii: "["), count: 100_000)), ("unfinished.json", Array("{\"a\": [1, 2".utf8)),
            ("control.json", Array("[\"a\u{1}b\"]".utf8)), ("surrogate.json", Array("[\"\\ud83e\"]".utf8)), ("escape.json", Array("[\"\\x\"]".utf8)),
            ("bytes.json", [UInt8(ascii: "\""), 0xFF, UInt8(ascii: "\"")]), ("trailing.json", Array("[1] 2".utf8)),
        ]
    }

    /// Writes them into a folder, which is made.
    static func write(to folder: String) {
        mkdir(folder, 0o755)
        for (name, bytes) in all() {
            guard let file = fopen("\(folder)/\(name)", "w") else { continue }
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
        }
    }

    private static func bytes(_ name: String) -> [UInt8] { Repository.bytes("\(Repository.root)/Tests/Reference/imaging/files/\(name)") ?? [] }
}
