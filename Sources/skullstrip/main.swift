print("skullstrip")
