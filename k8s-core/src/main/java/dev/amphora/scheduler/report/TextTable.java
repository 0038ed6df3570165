package dev.amphora.scheduler.report;

import java.util.ArrayList;
import java.util.List;

/** Lines of cells, each column as wide as it must be. */
final class TextTable {
    private record Cell(String text, boolean toTheRight) {}

    private final List<List<Cell>> lines = new ArrayList<>();

    TextTable line() {
        lines.add(new ArrayList<>());
        return this;
    }

    TextTable cell(String text) {
        return add(new Cell(printable(text), false));
    }

    TextTable number(String text) {
        return add(new Cell(printable(text), true));
    }

    private TextTable add(Cell cell) {
        if (lines.isEmpty()) {
            line();
        }
        lines.get(lines.size() - 1).add(cell);
        return this;
    }

    /** What plugins of a program say may hold anything; a terminal must not take it for commands. */
    static String printable(String text) {
        return text.replaceAll("\\p{Cntrl}", " ");
    }

    boolean isEmpty() {
        return lines.isEmpty();
    }

    @Override
    public String toString() {
        List<Integer> widths = new ArrayList<>();
        for (List<Cell> line : lines) {
            for (int i = 0; i < line.size(); i++) {
                int width = line.get(i).text().length();
                if (i == widths.size()) {
                    widths.add(width);
                } else {
                    widths.set(i, Math.max(width, widths.get(i)));
                }
            }
        }
        StringBuilder all = new StringBuilder();
        for (List<Cell> line : lines) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < line.size(); i++) {
                Cell cell = line.get(i);
                String padding = " ".repeat(widths.get(i) - cell.text().length());
                text.append(cell.toTheRight() ? padding + cell.text() : cell.text() + padding)
                        .append("  ");
            }
            all.append(text.toString().stripTrailing()).append('\n');
        }
        return all.toString();
    }
}
