"""What the table and the reader share: a pane that draws its own lines, and whose length changes with a key."""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView


class Scrolled(ScrollView, can_focus=True):
    """Lines of its own, scrolled."""

    def _resize_to(self, size: Size) -> None:
        """Be as long as that. Nothing else on the screen moves for it, unless a scroll bar comes or goes."""
        before, window = self.virtual_size, self.container_size.height
        same_bar = self.styles.overflow_y == "scroll" or (before.height > window) == (size.height > window)
        if window > 0 and before.width == size.width and same_bar:
            self.set_reactive(Scrolled.virtual_size, size)
            if self.show_vertical_scrollbar:
                self.vertical_scrollbar.window_virtual_size = size.height
            if self.scroll_offset.y > self.max_scroll_y:
                self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        else:
            self.virtual_size = size
