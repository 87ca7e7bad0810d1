import Figures
import Glibc
import Imaging
import Testing

/// One image stored in all 48 orientations by another program (niivue's test images).
@Suite struct OrientationFilesTests {
    static let folder: String = {
        let data =
            getenv("SKULLSTRIP_DATA").map { String(cString: $0) }
            ?? (#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3) + ["..", "shared", "data"]).joined(
                separator: "/")
        return data + "/nifti-cases/orientations"
    }()
    static let present: Bool = {
        let found = access(folder + "/RAS.nii.gz", R_OK) == 0
        if !found { print("skipped: no orientation images in \(folder)") }
        return found
    }()

    @Test(.enabled(if: present)) func filesInAllOrientationsGiveOnePicture() throws {
        let expected = try Montage.overlay(ImageFile.read(Self.folder + "/RAS.nii.gz"), nil)
        var count = 0
        for (a, b, c) in [
            ("RL", "AP", "SI"), ("RL", "SI", "AP"), ("AP", "RL", "SI"), ("AP", "SI", "RL"), ("SI", "RL", "AP"), ("SI", "AP", "RL"),
        ] {
            for x in a {
                for y in b {
                    for z in c {
                        let volume = try ImageFile.read("\(Self.folder)/\(x)\(y)\(z).nii.gz")
                        #expect(volume.grid.orientation == "\(x)\(y)\(z)")
                        #expect(try body(Montage.overlay(volume, nil)) == body(expected), "\(x)\(y)\(z)")
                        count += 1
                    }
                }
            }
        }
        #expect(count == 48)
    }
}
