"""The add-on's words in Chinese, by Blender's own translation. Knows no `bpy`.

`tests/contract/test_translations.py` lists every message that has none.
"""

from collections.abc import Iterable

# ruff: noqa: RUF001, E501 (Chinese has commas of its own, and wide letters)

CHINESE = {
    (
        "A music server on another machine, such as http://192.168.1.5:8765. "
        "Empty: one on this machine, started when it is needed"
    ): (
        "另一台机器上的音乐服务器，例如 http://192.168.1.5:8765。留空：使用本机服务器，需要时自动启动"
    ),
    "A track for every stem in the timeline, in place of the mix": "时间线中每个分轨各占一条轨道，代替混音",
    "Add Cut at Playhead": "在播放头处添加剪辑点",
    "Added": "已添加",
    "Added by hand: the picture need not change": "手动添加：画面不必变化",
    "Another number, another piece": "换一个数字，就是另一首曲子",
    "Arrange the same notes again, in another style, energy or octave": (
        "保留原有音符，以另一种风格、能量或八度重新编配"
    ),
    "As any other": "与其他版本一样",
    "Bars": "小节",
    "Beats": "节拍",
    "Beats and Changes": "节拍与改动",
    "Begin a shot at the playhead, whatever the picture shows": "不论画面如何，在播放头处开始一个镜头",
    "Best Of": "择优数量",
    "Bpm": "速度（BPM）",
    "Cancel": "取消",
    "Cancel this job, and no other": "只取消这个任务",
    ("Carry the music over to the edit as it is now: new notes just for what changed"): (
        "让音乐适应现在的剪辑：只为改动的部分写新音符"
    ),
    "Choose Take": "选择版本",
    "Choose a scene in the header": "请在标题栏选择场景",
    "Choose a scene in the sequencer's header": "请在序列编辑器的标题栏选择场景",
    "Choose take": "选择版本",
    "Chords": "和弦",
    "Chords from the first downbeat on, one or two a bar: C | Am F | G": (
        "从第一个强拍起的和弦，每小节一到两个：C | Am F | G"
    ),
    "Clear Beats": "清除节拍标记",
    "Compare": "对比",
    "Compare Takes": "对比版本",
    ("Compose one shot again: the shot of the active BGM strip, or the one at the playhead"): (
        "重新为一个镜头作曲：活动 BGM 片段的镜头，或播放头所在的镜头"
    ),
    "Cut": "剪辑点",
    "Cuts that a beat meets": "与节拍相合的剪辑点",
    "Delete": "删除",
    "Diffusion steps": "扩散步数",
    "Downloading": "正在下载",
    "Energy": "能量",
    "Every beat": "每一拍",
    "Favourite": "收藏",
    "Find Shots": "查找镜头",
    "Find shots": "查找镜头",
    "First frame of the shot, in the scene": "镜头在场景中的第一帧",
    "Format in which the timeline comes back with its music": "带音乐的时间线的返回格式",
    "Found By": "来源",
    "Frame": "帧",
    "Freedom Percent": "速度自由度（%）",
    "Generate BGM": "生成配乐",
    "Go to this cut": "跳到此剪辑点",
    "Guidance": "引导强度",
    "Hits": "踩拍点",
    "How busy the music is, from calm to wild": "音乐的密度，从平静到狂放",
    "How many alternatives to make at once": "一次制作几个版本",
    "How many pieces to make, of which the one most like songs is kept": "制作几首曲子，保留其中最像歌曲的一首",
    "How strictly the notes follow the picture": "音符跟随画面的严格程度",
    "It is the only take of its shot": "这是该镜头唯一的版本",
    "Job": "任务",
    "Kind": "类型",
    "Leave it out when takes are compared": "对比版本时跳过它",
    "Lock Shot": "锁定镜头",
    "Lock the music of the shot, so that nothing exchanges it, or unlock it": (
        "锁定镜头的音乐，使其不被替换；或解除锁定"
    ),
    ("Look at the picture, list its shots, and say how the music would meet their cuts"): (
        "查看画面，列出镜头，并说明音乐如何与剪辑点相合"
    ),
    "Loudness": "响度",
    "Loudness of the mix, in LUFS": "混音响度（LUFS）",
    "Make room where somebody speaks in the film's own sound": "影片中有人说话时，音乐让出空间",
    "Mark": "标记",
    "Mark Beats": "标记节拍",
    "Mark Take": "标记版本",
    ("Mark the beats, the bars or the hits on cuts of the music in the timeline"): (
        "在时间线上标记音乐的节拍、小节或踩拍点"
    ),
    ("Mark the take in the mix as a favourite, or as one never to come up again"): (
        "将当前版本标为收藏，或不再出现"
    ),
    "Mood": "情绪",
    "More Options": "更多选项",
    "Next": "下一个",
    "No server was started on this machine yet": "本机尚未启动过服务器",
    "None": "无",
    "Notes": "音符",
    "Nothing is known of this music's takes: make a new one first": "尚不了解这段音乐的版本：请先新做一个",
    "Number": "编号",
    "Octave": "八度",
    "Octaves up, or down if negative": "升高的八度数，负数为降低",
    "One Shot Again": "重做一个镜头",
    "Open the add-on's preferences: the server's address, token and program": (
        "打开插件偏好设置：服务器地址、令牌与程序"
    ),
    "Open what the music server on this machine has written": "打开本机音乐服务器的日志",
    "Percent that the tempo may stray to meet cuts": "为踩准剪辑点，速度可偏离的百分比",
    "Place Again": "重新放置",
    "Prefer Downbeats": "优先强拍",
    "Preferences": "偏好设置",
    "Previous": "上一个",
    "Program": "程序",
    ("Put another take of the shot into the mix: the next, the previous, or the one before"): (
        "换上镜头的另一个版本：下一个、上一个或刚才的那个"
    ),
    ("Put finished music that found no place into this scene, now that there is room"): (
        "腾出位置后，将尚未放置的成品音乐放入此场景"
    ),
    "Rather fewer cuts met, but on downbeats": "宁可少踩几个剪辑点，但都踩在强拍上",
    "Reading films": "正在读取影片",
    "Refit Music": "让音乐适应剪辑",
    "Refit music": "让音乐适应剪辑",
    "Regenerate Shot": "重新生成镜头",
    "Remove Cut": "移除剪辑点",
    "Remove the markers of beats, bars and hits; all others stay": "移除节拍、小节与踩拍点的标记，其他标记保留",
    "Rendering": "正在渲染",
    "Seed": "种子",
    "Select a BGM strip, or move the playhead onto one": "请选择一个 BGM 片段，或将播放头移到其上",
    "Server Address": "服务器地址",
    "Shortcuts": "快捷键",
    "Shot": "镜头",
    "Shots": "镜头",
    "Show Log": "查看日志",
    "Slowest and fastest tempo, in beats a minute": "最慢与最快速度（每分钟拍数）",
    "Start Server": "启动服务器",
    "Start server": "启动服务器",
    ("Start the music server now, so that the first music comes sooner, and ask what it offers"): (
        "立即启动音乐服务器，使首段音乐更快到来，并询问其功能"
    ),
    "Starting the server": "正在启动服务器",
    "Stems": "分轨",
    "Steps": "步数",
    "Style": "风格",
    "Take": "版本",
    "Take back a cut that was added by hand": "撤回手动添加的剪辑点",
    "Takes": "版本数",
    "The cut's frame": "剪辑点所在的帧",
    (
        "The diffbgm program that starts a server on this machine. Empty: the "
        "one that `python install.py` set up"
    ): ("启动本机服务器的 diffbgm 程序。留空：使用 `python install.py` 安装的程序"),
    "The first beat of every bar": "每小节的第一拍",
    "The job's number": "任务编号",
    "The next take": "下一个版本",
    "The one to keep": "要保留的版本",
    "The previous take": "上一个版本",
    "The same number, the same notes": "数字相同，音符相同",
    "The shot has no other take: make one first": "该镜头没有其他版本：请先新做一个",
    "The shot is locked: unlock its strip and channel": "镜头已锁定：请解锁其片段与通道",
    "The take of that number": "该编号的版本",
    "The take that was in the mix before, and back again": "之前所用的版本，再按一次则返回",
    "The take's number, from 0": "版本编号，从 0 开始",
    "There is no music of ours to refit": "没有可以调整的配乐",
    "There is no music whose beats are known: generate it first": "没有已知节拍的音乐：请先生成",
    "Timeline Format": "时间线格式",
    "Token": "令牌",
    "Under Dialogue": "为对白让位",
    "Uploading": "正在上传",
    "What the server at that address asks for; it prints it when it starts": (
        "该地址的服务器所要求的令牌，启动时会显示"
    ),
    "What this cut is to the music": "此剪辑点对音乐的意义",
    "Which": "哪一个",
    "Which instruments play, and how": "由哪些乐器演奏、如何演奏",
    "Who says that there is a cut": "由谁判定为剪辑点",
    ("Write music for the preview range, the selected strips, or all in the scene's range"): (
        "为预览范围、所选片段或场景范围内的全部内容配乐"
    ),
    (
        "calm, dark, dreamy, energetic, epic, happy, neutral, romantic, sad, "
        "tense, or valence,arousal (each -1 to 1)"
    ): (
        "calm 平静、dark 阴暗、dreamy 梦幻、energetic 活力、epic 史诗、happy 欢快、neutral "
        "中性、romantic 浪漫、sad 悲伤、tense 紧张，或“效价,唤醒度”（各 -1 至 1）"
    ),
}


def chinese_of(text: str) -> str | None:
    """The Chinese of a message; of an option's description also with its range and default."""
    head, *rest = text.split("; ")
    if text in CHINESE:
        return CHINESE[text]
    if head not in CHINESE:
        return None
    tails = (part.replace("default: ", "默认：").replace(" to ", " 至 ") for part in rest)
    return "；".join([CHINESE[head], *tails])


def table(descriptions: Iterable[str]) -> dict[str, dict[tuple[str, str], str]]:
    """As Blender's `app.translations.register` takes it; the language's name changed at 4.0.

    `descriptions` are those of the options.
    """
    contexts = ("*", "Operator")
    texts = {*CHINESE, *descriptions}
    known = {text: chinese for text in texts if (chinese := chinese_of(text)) is not None}
    words = {(context, text): chinese for text, chinese in known.items() for context in contexts}
    return {language: words for language in ("zh_CN", "zh_HANS")}
