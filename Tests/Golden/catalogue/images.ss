load("none.nii.gz")

load("reference")

load("odd/empty.nii")

load("odd/text.nii")

load("odd/magic.nii")

load("odd/type.nii")

load("odd/field.nii")

load("odd/cut.nii")

load("odd/huge.nii")

load("odd/cut.nii.gz")

load("odd/half.hdr")

load("odd/bzip2.nrrd")

load("odd/space.nrrd")

load("odd/short.nrrd")

load("odd/cut.mgh")

load("reference/imaging/files/four.nii.gz", frame=9)

load("reference/imaging/files/float32.nii", part="red")

load("reference/imaging/files/float32.nii", frame=1)

v = phantom(seed=1, shape=8, spacing=20).image;

save(v, "v.png")

save(v, "v")

save(v, "nowhere/v.nii")

save(v, "/dev/full/v.nii")

save(v, "reference")

save(v / 0, "v.nii", dtype="uint8")

save([v, v[1:, :, :]], "two.nii")

save([v, 3], "two.nii")

big = load("reference/imaging/files/int64.nii");

save(big, "big.mgz")

pad(big, [1, 1, 1], [1, 1, 1], value=0.5)

load("odd/words.tfm")

load("odd/empty.tfm")

load("odd/hdf5.tfm")

save("1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n", "fsl.txt")

load("fsl.txt")

save("#Insight Transform File V1.0\nTransform: DisplacementFieldTransform_double_3_3\nParameters: 0\nFixedParameters: 0\n", "field.txt")

load("field.txt")

save("#Insight Transform File V1.0\nTransform: AffineTransform_double_3_3\nParameters: 1 0 0\nFixedParameters: 0 0 0\n", "few.txt")

load("few.txt")

save("#Insight Transform File V1.0\nTransform: AffineTransform_double_3_3\nParameters: 1 0 0 0 1 0 0 0 one 0 0 0\nFixedParameters: 0 0 0\n", "word.txt")

load("word.txt")

save("#Insight Transform File V1.0\nTransform: AffineTransform_double_3_3\nParameters: 0 0 0 0 1 0 0 0 1 0 0 0\nFixedParameters: 0 0 0\n", "flat.txt")

load("flat.txt")

save("#Insight Transform File V1.0\nTransform: AffineTransform_double_3_3\nFixedParameters: 0 0 0\n", "none.txt")

load("none.txt")

save("MNI Transform File\n\nTransform_Type = Linear;\nLinear_Transform =\n1 0 0 0 0 1 0 0 0 0 1 0;\nTransform_Type = Linear;\nLinear_Transform =\n1 0 0 0 0 1 0 0 0 0 1 0;\n", "several.txt")

load("several.txt")

t = transform([[1, 0, 0, 3], [0, 1, 0, 0], [0, 0, 1, 0]])

save(t, "t.nii")

load("fsl.txt", frame=1)

load("odd/net.safetensors")

load("odd/cut.safetensors")

load("a.onnx")

load("")

load("odd/words.xfm")

save(overlay(v), "v.jpg")

save(v > 0, "m.png")

unique(v, by="a")

length(unique(v)) > 1

[save(3, "x.nii"), 1]

load("odd/nan.nii")

load("odd/few.nii")

load("odd/few.nrrd")

load("odd/other.safetensors")
