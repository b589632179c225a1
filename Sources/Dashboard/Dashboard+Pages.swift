extension Dashboard {
    /// Every page by its path below ``root``. SwiftPM makes an array of bytes out of each file in `Pages`.
    static let pages: [String: Page] = [
        "action-button.js": Page(script, PackageResources.action_button_js),
        "api.js": Page(script, PackageResources.api_js),
        "charts.js": Page(script, PackageResources.charts_js),
        "chat-options.js": Page(script, PackageResources.chat_options_js),
        "chat": Page(html, PackageResources.chat_html),
        "chat.js": Page(script, PackageResources.chat_js),
        "clock.js": Page(script, PackageResources.clock_js),
        "completion.js": Page(script, PackageResources.completion_js),
        "conversation.js": Page(script, PackageResources.conversation_js),
        "dashboard.js": Page(script, PackageResources.dashboard_js),
        "dom.js": Page(script, PackageResources.dom_js),
        "events.js": Page(script, PackageResources.events_js),
        "evidence.js": Page(script, PackageResources.evidence_js),
        "format.js": Page(script, PackageResources.format_js),
        "generation.js": Page(script, PackageResources.generation_js),
        "history.js": Page(script, PackageResources.history_js),
        "icon.svg": Page(svg, PackageResources.icon_svg),
        "icons.js": Page(script, PackageResources.icons_js),
        "": Page(html, PackageResources.index_html),
        "key.js": Page(script, PackageResources.key_js),
        "live-list.js": Page(script, PackageResources.live_list_js),
        "loop-form.js": Page(script, PackageResources.loop_form_js),
        "loop-start.js": Page(script, PackageResources.loop_start_js),
        "marking.js": Page(script, PackageResources.marking_js),
        "message-view.js": Page(script, PackageResources.message_view_js),
        "outcome.js": Page(script, PackageResources.outcome_js),
        "run-detail.js": Page(script, PackageResources.run_detail_js),
        "run-row.js": Page(script, PackageResources.run_row_js),
        "run-store.js": Page(script, PackageResources.run_store_js),
        "sse.js": Page(script, PackageResources.sse_js),
        "state-chip.js": Page(script, PackageResources.state_chip_js),
        "stop-button.js": Page(script, PackageResources.stop_button_js),
        "stop-control.js": Page(script, PackageResources.stop_control_js),
        "style.css": Page(css, PackageResources.style_css),
        "toast.js": Page(script, PackageResources.toast_js),
        "turn.js": Page(script, PackageResources.turn_js),
    ]

    private static let html = "text/html; charset=utf-8"
    private static let css = "text/css; charset=utf-8"
    private static let script = "text/javascript; charset=utf-8"
    private static let svg = "image/svg+xml"
}
