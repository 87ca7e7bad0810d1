"""What Tab does."""
import os, re, select, signal, time

from terminal import MORE, PROMPT, Terminal, run, test, value


@test
def tab_completes_names(home):
    t = Terminal(home)
    t.enter("brain_volume = 1234")
    t.send("brain_v\t")
    time.sleep(0.3)
    assert value(t.enter(" + 1")).endswith("1235")
    t.enter("brain_mask = 1")
    t.send("brain\t\t")
    shown = t.wait("brain_")
    assert "brain_mask" in shown and "brain_volume" in shown, shown
    t.send("\x03")
    t.wait()
    t.enter("rec = {alpha: 1, beta: {gamma: 7}}")
    t.send("rec.beta.\t")
    time.sleep(0.3)
    assert value(t.enter("")).endswith("7")
    t.close()


@test
def tab_completes_named_arguments(home):
    t = Terminal(home)
    t.enter("fn scale(x, factor=2) = x * factor")
    t.send("scale(4, fac\t")
    time.sleep(0.3)
    assert value(t.enter("10)")).endswith("40")
    t.send("scale(\t")
    shown = t.wait("scale(")
    assert "factor=" in shown and "scale(x, factor=2)" in shown, shown
    t.send("\x03")
    t.wait()
    t.enter("fn shift(x, by, wrap=0) = x")
    t.send("shift(4, \t")
    shown = t.wait("shift(4, ")
    assert "by=" in shown and "x=" not in shown, shown
    t.send("\x03")
    t.wait()
    t.send("4 |> shift(wr\t")
    time.sleep(0.3)
    assert value(t.enter("1, by=2)")).endswith("4")
    t.close()


@test
def tab_completes_files_inside_a_string(home):
    os.mkdir(home + "/heads")
    open(home + "/heads/subject_one.nii.gz", "w").close()
    t = Terminal(home)
    t.send('"hea\t')
    time.sleep(0.2)
    t.send("sub\t")
    time.sleep(0.3)
    assert value(t.enter("")).endswith('"heads/subject_one.nii.gz"')
    t.close()


@test
def tab_completes_commands(home):
    t = Terminal(home)
    t.send(":hist\t")
    time.sleep(0.3)
    assert ":history" in t.enter(" 1")
    t.close()


def offered(t, typed):
    """What Tab shows below a line, and what it makes of the line."""
    t.send(typed + "\t")
    shown = t.settle()
    # The line as a comment goes into the history.
    t.send("\x01#\r")
    t.wait()
    with open(t.home + "/.local/state/skullstrip/history") as file:
        return shown + "\n" + file.read().splitlines()[-1][1:]


@test
def tab_completes_what_the_language_has(home):
    t = Terminal(home)
    for typed, expected in [("resam", "resample"), ("unet", "unet3d"), ("whil", "while"), ("preproc", "preprocess"), ("?resam", "?resample"),
                            (":time resam", ":time resample"), ("x = {a: otsu(resam", "resample")]:
        assert expected in offered(t, typed), typed
    t.close()


@test
def tab_knows_the_fields_of_values(home):
    t = Terminal(home)
    t.enter("v = phantom(seed=1, shape=8, spacing=20);")
    t.enter("runs = [{history: [1], best: {dice: 0.5}}]")
    assert "spacing" in offered(t, "v.image.spa")
    shown = offered(t, "v.image.")
    assert "shape" in shown and "orientation" in shown and "datatype" in shown, shown
    assert "volume_ml" in offered(t, "v.mask.vol")
    assert "history" in offered(t, "runs[0].hi") and "dice" in offered(t, "runs[-1].best.")
    # What is not there has no fields, and what would have to be evaluated is not.
    assert offered(t, "runs[7].").endswith("\nruns[7].")
    assert offered(t, "print(9).sh").endswith("\nprint(9).sh")
    t.close()


@test
def tab_shows_the_signature_of_an_open_call(home):
    t = Terminal(home)
    shown = offered(t, "n4(")
    assert "n4(image: volume" in shown and "shrink=" in shown and "iterations=" in shown, shown
    shown = offered(t, "n4(phantom(seed=1).image, shrink=2, ")
    assert "n4(image: volume" in shown and "iterations=" in shown and "shrink=  " not in shown, shown
    assert "interpolation=" in offered(t, "resample(x, interp")
    shown = offered(t, 'resample(x, interpolation="')
    assert "linear" in shown and "cubic" in shown, shown
    t.close()


@test
def tab_completes_arguments_of_commands(home):
    os.mkdir(home + "/scripts")
    open(home + "/scripts/one.ss", "w").write("loaded = 5\n")
    t = Terminal(home)
    t.send(":load scr\t")
    t.settle(0.2)
    t.send("o\t")
    t.settle(0.2)
    t.enter("")
    assert value(t.enter("loaded")) == "5"
    assert "timing" in offered(t, ":set tim")
    assert "scripts/" in offered(t, "!ls scri")
    t.close()


@test
def tab_evaluates_nothing(home):
    t = Terminal(home)
    for typed in ['save(1, "x.nii', "make_folder(\"made\").", '"{make_folder("made")}".', 'x = make_folder("made")[0].', "while true { }."]:
        offered(t, typed)
    assert set(os.listdir(home)) <= {".local"}, os.listdir(home)
    t.close()
