import Runtime
import Syntax
import Testing

@Suite struct ProgressBarTests {
    @Test func showsTheShareDone() {
        #expect(
            ProgressBar.text("epoch 12/60", done: 9, of: 16, note: "loss 0.143", remaining: 2472, columns: 61)
                == "epoch 12/60 ━━━━━━━━━━╸──────── 9/16  loss 0.143  ETA 0:41:12")
        #expect(ProgressBar.text("", done: 0, of: 4, columns: 12) == "──────── 0/4")
        #expect(ProgressBar.text("", done: 4, of: 4, columns: 12) == "━━━━━━━━ 4/4")
    }

    @Test func fillsTheRoomAndNoMore() {
        for columns in [20, 40, 79, 120] {
            let text = ProgressBar.text("n4", done: 3, of: 7, note: "level 2", columns: columns)
            let rest = Width.of("n4  3/7  level 2")
            #expect(Width.of(text) == rest + max(8, min(40, columns - rest)))
        }
    }

    @Test func standsStrangeNumbers() {
        for (done, total) in [(-1, 5), (9, 5), (0, 0), (3, -2), (Int.max / 4, Int.max / 2)] {
            for remaining in [Double.nan, -1, .infinity, 1e300, 0] {
                #expect(!ProgressBar.text("a", done: done, of: total, remaining: remaining, columns: -3).isEmpty)
            }
        }
    }
}
